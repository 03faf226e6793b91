import { expect, it } from 'vitest';
import { judgeSteps } from '#papers/steps';

const run = (step: number | null, every = 100) => ({ id: `run-${step}`, step, of: 1000, every });

it('runs that reach the threshold at the same evaluation have the uncertainty of the steps between evaluations', () => {
  const { mean, low, high } = judgeSteps(null, { threshold: 0.9, runs: [run(500), run(500), run(500)] }, false);
  expect(mean).toBe(500);
  expect(high! - low!).toBeGreaterThan(2 * (100 / Math.sqrt(12)));
  const fine = judgeSteps(null, { threshold: 0.9, runs: [run(500, 1), run(500, 1), run(500, 1)] }, false);
  expect(fine.high! - fine.low!).toBeCloseTo((high! - low!) / 100, 0);
});

it('there is no mean if a run does not reach the threshold', () => {
  const judgement = judgeSteps(null, { threshold: 0.9, runs: [run(500), run(null)] }, false);
  expect(judgement).toMatchObject({ mean: null, low: null, high: null, seeds: 2 });
});
