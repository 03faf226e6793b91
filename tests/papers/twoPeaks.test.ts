/** Verdicts on runs that end at one of two peaks: learnt or not learnt. */
import { describe, expect, it } from 'vitest';
import type { PublishedScore } from '#contract/paperTable';
import { type Random, randomStream } from '#contract/random';
import type { Sample } from '#contract/statistics';
import { compare, judgeContrast } from '#papers/contrast';
import { chanceOfGap, chanceOfSamePeak, peaksOf, tallyOf } from '#papers/twoPeaks';
import { judge } from '#papers/verdict';

const coin = { value: 0.5, predictor: 'a coin' };
const tolerance = 0.02;
const options = { scaled: false, tolerance, floor: coin, twoPeaked: true };
const samples = (...values: number[]): Sample[] => values.map((value) => ({ value, standardError: 0.0005 }));
const published = (values: number[]): PublishedScore => ({
  ...{ metric: 'accuracy', value: values.reduce((a, b) => a + b) / values.length, spread: null, runs: values.length },
  ...{ values, source: 'test', certainty: 'read' },
});

describe('equal seeds', () => {
  it('give no confident verdict against one published run, which could be one of two outcomes', () => {
    for (const other of [0.5, 1])
      for (const seeds of [2, 3, 6]) {
        const found = judge(published([other]), samples(...Array(seeds).fill(1)), options);
        expect(found.verdict, `${seeds} seeds, published ${other}`).toBe("can't tell yet");
        expect(found.moreSeeds).toBe(7 - seeds);
      }
    expect(judge(published([1]), samples(...Array(7).fill(1)), options).verdict).toBe('reproduced');
    expect(judge(published([0.5]), samples(...Array(7).fill(1)), options).verdict).toBe('better');
  });
  it('decide sooner against three published runs that agree', () => {
    expect(judge(published([1, 1, 1]), samples(1, 1, 1), options).verdict).toBe('reproduced');
    expect(judge(published([1, 1, 1]), samples(0.5, 0.501, 0.5), options).verdict).toBe('not reproduced');
    expect(judge(published([1, 1, 1]), samples(1, 1), options).verdict).toBe("can't tell yet");
  });
  it('that are perfect form a peak in every task; spread values and values at a floor do not', () => {
    const peaks = (values: number[], known = false) => peaksOf(values, 'accuracy', coin, tolerance, known);
    expect(peaks([1, 0.999, 1])).toEqual({ low: 0.5, high: 1 });
    expect(peaks([1, 0.502, 1])).toEqual({ low: 0.5, high: 1 });
    expect(peaks([0.98, 0.99, 1])).toBeNull();
    expect(peaks([0.5, 0.502])).toBeNull();
    expect(peaks([0.5, 0.502], true)).toEqual({ low: 0.5, high: 1 });
    expect(judge(published([0.98]), samples(0.981, 0.98, 0.979), { ...options, twoPeaked: false }).verdict).toBe(
      'reproduced',
    );
  });
  it('that disagree need more published runs, not more of ours', () => {
    const found = judge(published([0.5]), samples(1, 1, 1, 0.5, 1, 1, 1, 1, 1, 1), options);
    expect(found.verdict).toBe("can't tell yet");
  });
});

describe('Barnard’s test', () => {
  it('gives the exact p value for seven of seven against none of one: 7⁷ / 8⁸', () => {
    const chance = chanceOfGap({ learnt: 7, runs: 7 }, { learnt: 0, runs: 1 });
    expect(chance).toBeCloseTo(7 ** 7 / 8 ** 8, 3);
    expect(chanceOfSamePeak({ learnt: 7, runs: 7 }, { learnt: 1, runs: 1 })).toBe(chance);
    expect(chanceOfSamePeak({ learnt: 6, runs: 7 }, { learnt: 1, runs: 1 })).toBe(1);
  });
});

/** A run that learns with this chance, its evaluation noise included. */
const draw = (random: Random, chance: number): number =>
  random.uniform() < chance ? Math.min(1, 0.9995 + 0.0005 * random.normal()) : 0.5 + 0.0005 * random.normal();
const draws = (random: Random, chance: number, count: number): number[] =>
  Array.from({ length: count }, () => draw(random, chance));

const binomial = (count: number, learnt: number, chance: number): number => {
  let ways = 1;
  for (let i = 0; i < learnt; i++) ways *= (count - i) / (i + 1);
  return ways * chance ** learnt * (1 - chance) ** (count - learnt);
};
/** The metrics of `count` runs, of which `learnt` learnt the task. */
const ended = (count: number, learnt: number): number[] =>
  Array.from({ length: count }, (_, i) => (i < learnt ? 1 : 0.5));
const chances = Array.from({ length: 39 }, (_, i) => (i + 1) / 40);

describe('cells whose published runs and ours have the same process', () => {
  it.each([
    [1, 2],
    [1, 3],
    [1, 7],
    [1, 10],
    [2, 3],
    [2, 5],
    [3, 3],
    [5, 4],
  ])(
    'published n = %i, %i seeds: at most 5 of 100 are judged different, for any probability of learning',
    (runs, seeds) => {
      // every outcome, weighted by its chance, instead of a simulation
      const outcomes = Array.from({ length: (runs + 1) * (seeds + 1) }, (_, i) => {
        const [theirs, ours] = [Math.floor(i / (seeds + 1)), i % (seeds + 1)];
        const found = judge(published(ended(runs, theirs)), samples(...ended(seeds, ours)), options);
        return { theirs, ours, isWrong: found.verdict === 'better' || found.verdict === 'not reproduced' };
      });
      const wrong = chances.map((chance) =>
        outcomes.reduce(
          (sum, { theirs, ours, isWrong }) =>
            sum + (isWrong ? binomial(runs, theirs, chance) * binomial(seeds, ours, chance) : 0),
          0,
        ),
      );
      expect(Math.max(...wrong)).toBeLessThan(0.05);
    },
  );

  it('2,000 judged again with the requested seeds, up to ten: at most 5 of 100 are judged different', () => {
    const random = randomStream(7, 'follow');
    let wrong = 0;
    for (let i = 0; i < 2000; i++) {
      const chance = i % 2 ? 0.875 : random.uniform(); // the worst, and any
      const theirs = published(draws(random, chance, 1));
      const ours = samples(...draws(random, chance, 2));
      let found = judge(theirs, ours, options);
      while (found.moreSeeds !== null && ours.length < 10) {
        ours.push(...samples(...draws(random, chance, Math.min(found.moreSeeds, 10 - ours.length))));
        found = judge(theirs, ours, options);
      }
      wrong += Number(found.verdict === 'better' || found.verdict === 'not reproduced');
    }
    expect(wrong / 2000).toBeLessThan(0.05);
  });
});

it('seven seeds distinguish a process that always learns from one that never does', () => {
  const random = randomStream(8, 'apart');
  for (let i = 0; i < 200; i++) {
    const learns = random.below(2);
    const found = judge(published(draws(random, 1 - learns, 1)), samples(...draws(random, learns, 7)), options);
    expect(found.verdict).toBe(learns ? 'better' : 'not reproduced');
  }
});

it('with a single published run and seven seeds, 6 of 100 pairs of different processes are judged reproduced', () => {
  const random = randomStream(9, 'unseen');
  let same = 0;
  for (let i = 0; i < 4000; i++) {
    const [theirs, ours] = [random.uniform(), random.uniform()];
    const found = judge(published(draws(random, theirs, 1)), samples(...draws(random, ours, 7)), options);
    same += Number(found.verdict === 'reproduced');
  }
  expect(same / 4000).toBeGreaterThan(0.05);
  expect(same / 4000).toBeLessThan(0.075);
});

describe('a contrast of such runs', () => {
  const contrast = (ours: number[], theirs: number[]) => {
    const peaks = peaksOf([...ours, ...theirs], 'accuracy', coin, tolerance, true)!;
    const difference = compare(samples(...ours), samples(...theirs), 'accuracy')!;
    return judgeContrast(difference, tolerance, [tallyOf(ours, peaks), tallyOf(theirs, peaks)]).verdict;
  };
  it('of 1, 1, 1 against 1, 1, 1 is no difference', () => {
    expect(contrast([1, 1, 1], [1, 1, 1])).toBe('no difference');
    expect(contrast([1, 1], [1, 1])).toBe("can't tell yet");
  });
  it.each([2, 3, 5])(
    'between equal processes with %i seeds each is found in at most 5 of 100, for any probability of learning',
    (seeds) => {
      const all = Array.from({ length: (seeds + 1) ** 2 }, (_, i) => [Math.floor(i / (seeds + 1)), i % (seeds + 1)]);
      const seen = all.filter(([a, b]) => /helps|harms/.test(contrast(ended(seeds, a), ended(seeds, b))));
      const wrong = (chance: number) =>
        seen.reduce((sum, [a, b]) => sum + binomial(seeds, a, chance) * binomial(seeds, b, chance), 0);
      expect(Math.max(...chances.map(wrong))).toBeLessThan(0.05);
    },
  );
  it('of all against none helps or harms with three seeds', () => {
    expect(contrast([1, 1, 1], [0.5, 0.5, 0.501])).toBe('helps');
    expect(contrast([0.5, 0.5, 0.501], [1, 1, 1])).toBe('harms');
  });
});
