/** Predictions, before training, of what seeds can decide; and the correction for many verdicts. */
import { describe, expect, it } from 'vitest';
import { type PublishedScore, publishedScore } from '#contract/paperTable';
import { randomStream } from '#contract/random';
import { holm } from '#papers/holm';
import { outlookOf } from '#papers/outlook';
import { tables } from '#papers/published';
import { judge } from '#papers/verdict';

const published = (extra: Partial<PublishedScore>): PublishedScore => ({
  ...{ metric: 'accuracy', value: 0.9, spread: null, runs: 1, source: 'test', certainty: 'read' },
  ...extra,
});

describe('the outlook of a cell', () => {
  it('no number of seeds confirms a single published run: at a deviation of 0.01 only a tenth to a quarter of cells', () => {
    const { seeds, power, spread } = outlookOf(published({}), {});
    expect(seeds).toBeNull();
    expect(spread).toBe(0.01);
    expect(power).toBeLessThan(0.3);
  });
  it('several published runs can be confirmed, with fewer seeds the closer they agree', () => {
    const close = outlookOf(published({ runs: 3, spread: 0.002 }), {});
    const wide = outlookOf(published({ runs: 9, spread: 0.012 }), {});
    expect(close.seeds).toBe(3);
    expect(wide.seeds).toBeGreaterThan(3);
    expect(outlookOf(published({ runs: 3, spread: 0.05 }), {}).seeds).toBeNull();
  });
  it('runs at a peak are counted: seven seeds against one run, three against three', () => {
    const coin = { floor: { value: 0.5, predictor: 'a coin' }, twoPeaked: true };
    expect(outlookOf(published({ value: 1 }), coin).seeds).toBe(7);
    expect(outlookOf(published({ value: 1, runs: 3 }), coin).seeds).toBe(3);
    expect(outlookOf(published({ value: 0.725, runs: 2, values: [0.95, 0.5] }), coin).seeds).toBeNull();
  });
  it('the predicted number of seeds confirms four of five simulated cells with the same process', () => {
    const random = randomStream(12, 'outlook');
    for (const [runs, spread] of [
      [3, 0.004],
      [6, 0.008],
      [9, 0.01],
    ]) {
      const draw = () => 0.8 + spread * random.normal();
      const { seeds, power } = outlookOf(published({ value: 0.8, runs, spread }), {});
      let confirmed = 0;
      for (let i = 0; i < 2000; i++) {
        const theirs = Array.from({ length: runs }, draw);
        const value = theirs.reduce((a, b) => a + b) / runs;
        const ours = Array.from({ length: seeds! }, () => ({ value: draw(), standardError: 0 }));
        const options = { scaled: false, tolerance: 0.02 };
        confirmed += Number(judge(published({ value, values: theirs, runs }), ours, options).verdict === 'reproduced');
      }
      expect(confirmed / 2000, `${runs} runs of ${spread}`).toBeGreaterThan(0.7);
      expect(power).toBeGreaterThan(0.8);
    }
  });
  it('most published numbers are from one run or an unknown number of runs, so no number of seeds confirms them', () => {
    const numbers = tables.flatMap(({ cells }) => cells.flatMap((cell) => publishedScore(cell) ?? []));
    const single = numbers.filter(({ runs }) => (runs ?? 1) < 2);
    expect(single.length / numbers.length).toBeGreaterThan(0.65);
    const open = single.filter((one) => one.value < 0.99 && outlookOf(one, {}).seeds === null);
    expect(open).toHaveLength(single.filter((one) => one.value < 0.99).length);
  });
});

describe('Holm’s correction', () => {
  it('compares the smallest p values with the level divided by the number of remaining verdicts', () => {
    expect(holm([0.01, 0.04, null, 0.03])).toEqual([true, false, null, false]);
    expect(holm([0.01, 0.02, 0.04])).toEqual([true, true, true]);
    expect(holm([])).toEqual([]);
  });
  it('lets a wrong verdict stand in at most 5 of 100 tables of 40 contrasts without a difference', () => {
    const random = randomStream(13, 'holm');
    let wrong = 0;
    for (let i = 0; i < 4000; i++) {
      const chances = Array.from({ length: 40 }, () => random.uniform());
      wrong += Number(holm(chances).some(Boolean));
    }
    expect(wrong / 4000).toBeLessThan(0.06);
  });
});
