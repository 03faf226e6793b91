import { describe, expect, it } from 'vitest';
import type { PublishedScore } from '#contract/paperTable';
import { type Random, randomStream } from '#contract/random';
import type { Sample } from '#contract/statistics';
import { compare } from '#papers/contrast';
import { judge } from '#papers/verdict';

const published = (value: number, extra: Partial<PublishedScore> = {}): PublishedScore => ({
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
  it("can't be told with one seed, and says how many more it needs", () => {
    expect(judge(published(0.95), samples(0.95), plain)).toMatchObject({ verdict: "can't tell yet", moreSeeds: 2 });
    expect(judge(published(0.95), [], plain)).toMatchObject({ verdict: "can't tell yet", moreSeeds: 3, mean: null });
  });
  it("can't be told while seeds disagree; the wider their spread, the more seeds it asks for", () => {
    const known = published(0.95, { runs: 6, spread: 0.002 });
    const some = judge(known, samples(0.945, 0.96), plain);
    const many = judge(known, samples(0.935, 0.97), plain);
    expect([some.verdict, many.verdict]).toEqual(["can't tell yet", "can't tell yet"]);
    expect(many.moreSeeds).toBeGreaterThan(some.moreSeeds!);
  });
  it('includes the spread of the published runs, printed or computed from their values', () => {
    const ours = samples(0.951, 0.949, 0.952);
    const undecided = { verdict: "can't tell yet" };
    expect(judge(published(0.95, { runs: 3, spread: 0.03 }), ours, plain)).toMatchObject(undecided);
    expect(judge(published(0.95, { runs: 3, values: [0.92, 0.95, 0.98] }), ours, plain)).toMatchObject(undecided);
  });
  it('treats a single published run as a draw with our spread, not as the true value', () => {
    const ours = samples(0.941, 0.959, 0.95, 0.943, 0.957);
    const close = { ...plain, tolerance: 0.015 };
    expect(judge(published(0.95, { runs: 50, spread: 0.008 }), ours, close).verdict).toBe('reproduced');
    expect(judge(published(0.95, { runs: 1 }), ours, close).verdict).toBe("can't tell yet");
  });
  it('asks for no more seeds if no number would decide', () => {
    const wide = published(0.95, { runs: 2, spread: 0.05 });
    expect(judge(wide, samples(0.95, 0.951, 0.949), plain)).toMatchObject({
      verdict: "can't tell yet",
      moreSeeds: null,
    });
  });
  it('is at the floor if neither the published number nor ours beats the floor', () => {
    const guess = { ...plain, tolerance: 0.7, floor: { value: 7.3, predictor: 'always predict 45' } };
    const theirs = published(7.4, { metric: 'mae' });
    expect(judge(theirs, samples(7.35, 7.38, 7.33), guess).verdict).toBe('at the floor');
    expect(judge(theirs, samples(9, 9.1, 9.05), guess).verdict).toBe('at the floor'); // worse than the floor
    expect(judge(theirs, samples(2.1, 2.2, 2.15), guess).verdict).toBe('better');
    expect(judge(published(2, { metric: 'mae' }), samples(7.35, 7.38, 7.33), guess).verdict).toBe('not reproduced');
  });
  it('without a published number, or with a scaled-down body, is not compared but has its interval', () => {
    expect(judge(null, samples(0.9, 0.91), plain)).toMatchObject({ verdict: 'no published number', seeds: 2 });
    const scaled = judge(published(0.95), samples(0.95, 0.95, 0.95), { scaled: true });
    expect(scaled.verdict).toBe('scaled down');
    expect(scaled.mean).toBeCloseTo(0.95);
  });
});

describe('simulated cells with known truth', () => {
  const tolerance = 0.02;
  interface Setting {
    gap(random: Random): number;
    /** Standard deviation between seeds. */
    spread(random: Random): number;
    runs(random: Random): number;
    seeds(random: Random): number;
    /** Whether the floor scores the published truth. */
    floor?: boolean;
    /** Adds the seeds that a judgement asks for, up to this many, and judges again. */
    most: number;
  }
  /** Seeds whose spread is about the tolerance or more: hard to judge. */
  const hard: Setting = {
    gap: (random) => (random.uniform() - 0.5) * 0.12,
    spread: (random) => 0.002 + 0.02 * random.uniform(),
    runs: (random) => [1, 3][random.below(2)],
    seeds: (random) => 2 + random.below(5),
    most: 0,
  };

  function simulate(random: Random, setting: Setting): 'wrong' | 'right' | 'undecided' {
    const [gap, spread, truth] = [setting.gap(random), setting.spread(random), 0.5 + 0.4 * random.uniform()];
    const standardError = Math.sqrt((truth * (1 - truth)) / 10_000);
    const draw = (mean: number) => mean + spread * random.normal() + standardError * random.normal();
    const sample = () => ({ value: draw(truth + gap), standardError });
    const values = Array.from({ length: setting.runs(random) }, () => draw(truth));
    const theirs = published(values.reduce((a, b) => a + b) / values.length, { runs: values.length, values });
    const ours = Array.from({ length: setting.seeds(random) }, sample);
    const options = { scaled: false, tolerance, floor: setting.floor ? { value: truth, predictor: 'a guess' } : null };
    let found = judge(theirs, ours, options);
    while (found.moreSeeds !== null && ours.length < setting.most) {
      ours.push(...Array.from({ length: Math.min(found.moreSeeds, setting.most - ours.length) }, sample));
      found = judge(theirs, ours, options);
    }
    if (found.verdict === "can't tell yet") return 'undecided';
    if (found.verdict === 'at the floor') return gap <= tolerance ? 'right' : 'wrong';
    const right = Math.abs(gap) <= tolerance ? 'reproduced' : gap > 0 ? 'better' : 'not reproduced';
    return found.verdict === right ? 'right' : 'wrong';
  }
  const share = (name: string, setting: Setting) => {
    const random = randomStream(2, name);
    const found = Array.from({ length: 10_000 }, () => simulate(random, setting));
    return (of: string) => found.filter((outcome) => outcome === of).length / found.length;
  };

  it('10,000 of any gap: at most 5 % wrong', () => {
    const of = share('any', hard);
    expect(of('wrong')).toBeLessThan(0.05);
    expect(of('right')).toBeGreaterThan(0.15);
  });
  it('10,000 of any gap, with the requested seeds: more are decided, at most 5 % wrong', () => {
    const of = share('follow', { ...hard, most: 10 });
    expect(of('wrong')).toBeLessThan(0.05);
    expect(of('right')).toBeGreaterThan(0.3);
  });
  it('10,000 whose published value is at the floor: at most 5 % wrong, and cells that learn nothing are found', () => {
    const of = share('floor', { ...hard, floor: true, most: 10 });
    expect(of('wrong')).toBeLessThan(0.05);
    expect(of('right')).toBeGreaterThan(0.3);
    const nothing = share('nothing', { ...hard, floor: true, gap: () => 0, runs: () => 1 });
    expect(nothing('right')).toBeGreaterThan(0.5);
  });
  it.each([
    [tolerance, 0],
    [tolerance + 1e-9, 0],
    [-tolerance - 1e-9, 10],
  ])('10,000 of the hardest gap, %d, with up to %i seeds in all if asked: wrong in at most 6 of 100', (gap, most) => {
    expect(share('edge', { ...hard, gap: () => gap, most })('wrong')).toBeLessThan(0.06);
  });
  it.each([0, 0.05, -0.05])('10,000 of gap %d whose seeds agree: three seeds correctly decide four of five', (gap) => {
    const agreeing = { ...hard, gap: () => gap, spread: () => 0.002, runs: () => 3, seeds: () => 3 };
    const of = share('agree', agreeing);
    expect(of('right')).toBeGreaterThan(0.8);
    expect(of('wrong')).toBeLessThan(0.001);
  });
});

describe('a comparison of two sets of runs', () => {
  it('is positive if the first is better, for every metric', () => {
    const [high, low] = [samples(0.95, 0.951, 0.949), samples(0.9, 0.901, 0.899)];
    expect(compare(high, low, 'accuracy')!.low).toBeGreaterThan(0.04);
    expect(compare(high, low, 'mae')!.high).toBeLessThan(-0.04);
  });
  it('has Welch’s interval: t(4) · √(s²/3 + s²/3) for equal spreads of three seeds', () => {
    const { gain, low, high } = compare(samples(1, 2, 3), samples(1, 2, 3), 'mae')!;
    expect(gain).toBeCloseTo(0);
    expect(high).toBeCloseTo(2.7764 * Math.sqrt(2 / 3), 3);
    expect(low).toBeCloseTo(-high, 12);
  });
  it('of single seeds is null', () => {
    expect(compare(samples(1), samples(1, 2), 'accuracy')).toBeNull();
  });
  it('covers a true difference of 0 in 95 of 100 cases', () => {
    const random = randomStream(5, 'compare');
    const draw = () => samples(...Array.from({ length: 3 }, () => 0.9 + 0.02 * random.normal()));
    let covered = 0;
    for (let i = 0; i < 4000; i++) {
      const { low, high } = compare(draw(), draw(), 'accuracy')!;
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.94);
  });
});
