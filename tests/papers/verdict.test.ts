import { describe, expect, it } from 'vitest';
import { randomStream } from '#contract/random';
import type { Published } from '#papers/published';
import { interval, judge, type Sample } from '#papers/verdict';

const published = (value: number, extra: Partial<Published> = {}): Published => ({
  metric: 'accuracy',
  value,
  spread: null,
  runs: 1,
  source: 'test',
  certainty: 'read',
  ...extra,
});
const samples = (...values: number[]): Sample[] => values.map((value) => ({ value, standardError: 0.001 }));
const plain = { scaled: false, tolerance: 0.02 };

describe('a cell', () => {
  it('is reproduced when the whole interval lies within the tolerance', () => {
    expect(judge(published(0.95), samples(0.951, 0.949, 0.952), plain).verdict).toBe('reproduced');
  });
  it('is better or not reproduced only beyond the tolerance, in the direction of its metric', () => {
    expect(judge(published(0.9), samples(0.951, 0.949, 0.952), plain).verdict).toBe('better');
    expect(judge(published(0.99), samples(0.951, 0.949, 0.952), plain).verdict).toBe('not reproduced');
    const error = { ...plain, tolerance: 0.1 };
    expect(judge(published(2, { metric: 'mae' }), samples(3, 3.01, 2.99), error).verdict).toBe('not reproduced');
    expect(judge(published(4, { metric: 'mae' }), samples(3, 3.01, 2.99), error).verdict).toBe('better');
  });
  it("can't be told with one seed, whatever the number, and says how many more", () => {
    expect(judge(published(0.95), samples(0.95), plain)).toMatchObject({ verdict: "can't tell yet", moreSeeds: 2 });
    expect(judge(published(0.95), [], plain)).toMatchObject({ verdict: "can't tell yet", moreSeeds: 3, mean: null });
  });
  it("can't be told while seeds disagree; the wider they are, the more seeds it asks for", () => {
    const some = judge(published(0.95), samples(0.94, 0.97), plain);
    const many = judge(published(0.95), samples(0.9, 0.99), plain);
    expect([some.verdict, many.verdict]).toEqual(["can't tell yet", "can't tell yet"]);
    expect(many.moreSeeds).toBeGreaterThan(some.moreSeeds!);
  });
  it('counts the spread of the published runs against itself', () => {
    const ours = samples(0.951, 0.949, 0.952);
    expect(judge(published(0.95, { runs: 3, spread: 0.03 }), ours, plain).verdict).toBe("can't tell yet");
  });
  it('without a published number, or with a scaled-down body, is not compared but has its interval', () => {
    expect(judge(null, samples(0.9, 0.91), plain)).toMatchObject({ verdict: 'no published number', seeds: 2 });
    const scaled = judge(published(0.95), samples(0.95, 0.95, 0.95), { scaled: true });
    expect(scaled.verdict).toBe('scaled down');
    expect(scaled.mean).toBeCloseTo(0.95);
  });
});

it('an interval is never narrower than evaluation noise alone', () => {
  const { low, high } = interval([
    { value: 0.9, standardError: 0.01 },
    { value: 0.9, standardError: 0.01 },
  ])!;
  expect(high - low).toBeGreaterThan(2 * 1.95 * (0.01 / Math.SQRT2));
});

it('an interval over three seeds holds the truth in 95 % of 4,000 simulations', () => {
  const random = randomStream(1, 'interval');
  let held = 0;
  for (let i = 0; i < 4000; i++) {
    const { low, high } = interval(samples(...Array.from({ length: 3 }, () => 0.9 + 0.02 * random.normal())))!;
    held += Number(low <= 0.9 && 0.9 <= high);
  }
  expect(held / 4000).toBeGreaterThan(0.94);
  expect(held / 4000).toBeLessThan(0.975);
});

it('10,000 simulated cells with known truth: at most 5 % wrong verdicts, and most are decided', () => {
  const random = randomStream(2, 'cells');
  let [wrong, decided] = [0, 0];
  for (let i = 0; i < 10_000; i++) {
    const truth = 0.5 + 0.4 * random.uniform();
    const tolerance = 0.02;
    const gap = (random.uniform() - 0.5) * 0.12; // ours minus theirs
    const spread = 0.002 + 0.02 * random.uniform();
    const evaluation = Math.sqrt((truth * (1 - truth)) / 10_000);
    const draw = (mean: number) => mean + spread * random.normal() + evaluation * random.normal();
    const seeds = 2 + random.below(5);
    const ours = Array.from({ length: seeds }, () => ({ value: draw(truth + gap), standardError: evaluation }));
    const theirs = Array.from({ length: 3 }, () => draw(truth));
    const mean = theirs.reduce((a, b) => a + b) / 3;
    const deviation = Math.sqrt(theirs.reduce((s, v) => s + (v - mean) ** 2, 0) / 2);
    const { verdict } = judge(published(mean, { runs: 3, spread: deviation }), ours, { scaled: false, tolerance });
    const claims: Record<string, boolean> = {
      reproduced: Math.abs(gap) <= tolerance,
      better: gap > tolerance,
      'not reproduced': gap < -tolerance,
    };
    if (!(verdict in claims)) continue;
    decided++;
    wrong += Number(!claims[verdict]);
  }
  expect(wrong / 10_000).toBeLessThan(0.05);
  expect(decided / 10_000).toBeGreaterThan(0.3);
});
