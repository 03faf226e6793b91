import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Progress } from '#runFolder/runCheckpoint';
import {
  finalEvaluation,
  freshProgress,
  nextAction,
  nextTestBatch,
  planOf,
  recentMetric,
  standardError,
  stopsEarly,
  updateProgress,
} from '#trainer/protocol';

const configOf = (settings: object = {}) => parseConfig({ task: 'bit-xor', ...settings });

/** Progress after test evaluations with these losses. */
const judged = (...losses: number[]): Progress =>
  losses.reduce((p, loss) => updateProgress(p, { loss, metric: 0 }).progress, freshProgress());

describe('updateProgress', () => {
  const improves = (best: number, loss: number) => updateProgress(judged(best), { loss, metric: 0 }).improved;

  it.each([
    [1, 0.9901, false],
    [1, 0.99, true],
    [1, 1, false],
    [1, 2, false],
    [1e9, 9e8, true],
    [0, 0, false],
    [0, -1, true],
    [1, Number.NaN, false],
    [1, Number.POSITIVE_INFINITY, false],
  ])('after a best loss of %d a loss of %d counts as an improvement: %s', (best, loss, expected) => {
    expect(improves(best, loss)).toBe(expected);
  });

  it('takes the first number as the best, whatever it is', () => {
    expect(updateProgress(freshProgress(), { loss: 1e30, metric: 0 }).improved).toBe(true);
  });

  it('does not take NaN as the first best', () => {
    expect(judged(Number.NaN, 5).best).toEqual({ iteration: 2, loss: 5 });
  });

  it('lets improvements of 0.5 % accumulate until they exceed 1 % of the last best', () => {
    expect(judged(1, 0.995).best).toEqual({ iteration: 1, loss: 1 });
    expect(judged(1, 0.995, 0.99).best).toEqual({ iteration: 3, loss: 0.99 });
  });

  it('compares with the last loss that counted, not with the lowest', () => {
    expect(judged(1, 0.9905, 0.985).best).toEqual({ iteration: 3, loss: 0.985 });
  });

  it('never improves again after a test loss of 0', () => {
    expect(judged(0, 0, 0, 0).best).toEqual({ iteration: 1, loss: 0 });
  });

  it('remembers the metrics of the last 100 evaluations', () => {
    let progress = freshProgress();
    for (let i = 1; i <= 150; i++) progress = updateProgress(progress, { loss: 1, metric: i }).progress;
    expect(progress.testMetrics).toHaveLength(100);
    expect(recentMetric(progress)).toBe(100.5);
    expect(progress.iteration).toBe(150);
  });
});

describe('stopsEarly', () => {
  it('stops when early_stop iterations have passed since the best one', () => {
    const config = configOf({ early_stop: 3 });
    expect(stopsEarly(config, judged(1, 2, 2))).toBe(false);
    expect(stopsEarly(config, judged(1, 2, 2, 2))).toBe(true);
    expect(stopsEarly(config, judged(1, 2, 2, 0.5))).toBe(false);
  });

  it('counts from the start while no evaluation gave a number', () => {
    expect(stopsEarly(configOf({ early_stop: 2 }), judged(Number.NaN))).toBe(false);
    expect(stopsEarly(configOf({ early_stop: 2 }), judged(Number.NaN, Number.NaN))).toBe(true);
  });

  it('never stops when early_stop is empty', () => {
    expect(stopsEarly(configOf({ early_stop: null }), judged(...Array(500).fill(1)))).toBe(false);
  });

  it('with early_stop 1 continues while every iteration improves', () => {
    const config = configOf({ early_stop: 1 });
    expect(stopsEarly(config, judged(1, 0.5))).toBe(false);
    expect(stopsEarly(config, judged(1, 0.5, 0.5))).toBe(true);
  });
});

describe('nextAction', () => {
  const config = configOf({ num_iters: 2, steps_per_iter: 3, early_stop: 1 });
  it.each<[string, Partial<Progress>, string]>([
    ['at the start', {}, 'train'],
    ['within an iteration', { step: 2 }, 'train'],
    ['after the last step of an iteration', { step: 3 }, 'test'],
    ['after its evaluation', { step: 3, iteration: 1, best: { iteration: 1, loss: 1 } }, 'train'],
    ['after the last step of all', { step: 6, iteration: 1, best: { iteration: 1, loss: 1 } }, 'test'],
    ['after the last evaluation', { step: 6, iteration: 2, best: { iteration: 2, loss: 1 } }, 'final'],
    ['when early stop fires', { step: 3, iteration: 1, best: null }, 'final'],
  ])('%s', (_, progress, expected) => {
    expect(nextAction(config, { ...freshProgress(), ...progress })).toBe(expected);
  });
});

describe('planOf', () => {
  it('trains on whole batches that fit the device', () => {
    expect(planOf(configOf({ batch_size: 20, gpu_batch_size: 50 }), true)).toMatchObject({
      microBatch: 20,
      microBatches: 1,
      evalBatch: 20,
    });
  });

  it('cuts larger batches into micro-batches', () => {
    const plan = planOf(configOf({ batch_size: 100, gpu_batch_size: 25 }), true);
    expect(plan).toMatchObject({ microBatch: 25, microBatches: 4, evalBatch: 25 });
  });

  it('multiplies the batch as the reference does on tasks that ignore gpu_batch_size', () => {
    const config = configOf({ batch_size: 100, gpu_batch_size: 25, variant: 'reference' });
    expect(planOf(config, true)).toMatchObject({ microBatch: 100, microBatches: 4, evalBatch: 100 });
    expect(planOf(config, false)).toMatchObject({ microBatch: 25, microBatches: 4, evalBatch: 100 });
  });

  it.each([
    [100, 25, 25, 4],
    [100, 30, 30, 4],
    [1, 25, 25, 1],
    [100, 100, 25, 4],
    [101, 100, 25, 8],
  ])(
    'evaluates %d samples with batch size %d (%d at once) in %d batches',
    (samples, batch_size, gpu_batch_size, batches) => {
      expect(planOf(configOf({ batch_size, gpu_batch_size, test_steps_per_iter: samples }), false).testBatches).toBe(
        batches,
      );
    },
  );

  it('rounds the final evaluation up to whole batches: 10,000 samples at batch 30 are 10,020', () => {
    const plan = planOf(configOf({ batch_size: 30, gpu_batch_size: 30 }), false);
    expect(plan.finalBatches * plan.evalBatch).toBe(10020);
  });

  it('counts the steps of all iterations', () => {
    expect(planOf(configOf({ num_iters: 7, steps_per_iter: 11 }), false).totalSteps).toBe(77);
  });
});

describe('finalEvaluation', () => {
  const final = (settings: object, progress: Progress) => {
    const config = configOf({ batch_size: 25, test_steps_per_iter: 100, early_stop: 2, ...settings });
    return finalEvaluation(config, planOf(config, false), progress);
  };

  it('corrected: uses the best weights on separate samples, whether or not early stop fired', () => {
    const expected = { weights: 'best', iteration: 1, split: 'final', firstBatch: 0 };
    expect(final({}, judged(1, 2, 2))).toEqual(expected);
    expect(final({ early_stop: null }, judged(1, 2, 2))).toEqual(expected);
  });

  it('reference: uses the last weights when early stop did not fire', () => {
    const settings = { variant: 'reference', early_stop: 10 };
    expect(final(settings, judged(1, 2, 2))).toEqual({ weights: 'last', iteration: 3, split: 'test', firstBatch: 12 });
  });

  it("reference: uses the best weights when early stop fired, on the test batches after the last evaluation's", () => {
    const settings = { variant: 'reference' };
    expect(final(settings, judged(1, 2, 2))).toEqual({ weights: 'best', iteration: 1, split: 'test', firstBatch: 12 });
  });
});

it('every evaluation uses different test batches', () => {
  const plan = planOf(configOf({ batch_size: 25, test_steps_per_iter: 100 }), false);
  expect([judged(), judged(1), judged(1, 1)].map((progress) => nextTestBatch(plan, progress))).toEqual([0, 4, 8]);
});

describe('standardError', () => {
  it('is the sample deviation over the root of the count', () => {
    expect(standardError([0, 1, 0, 1])).toBeCloseTo(Math.sqrt(1 / 3) / 2, 12);
  });
  it('is 0 for equal scores and for a single one', () => {
    expect(standardError([2, 2, 2])).toBe(0);
    expect(standardError([5])).toBe(0);
  });
});
