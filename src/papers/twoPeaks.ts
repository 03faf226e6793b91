/**
 * Tasks that a run either learns or does not: the metric ends at one of two peaks, and the spread of a few seeds at one peak
 * says nothing about the other. Such runs are counted, not averaged.
 */
import type { Floor } from '#contract/floor';
import type { MetricName } from '#contract/runRow';

export interface Peaks {
  /** What guessing reaches. */
  low: number;
  /** What a perfect run reaches. */
  high: number;
}

/** How many runs there are, and how many of them learnt the task. */
export interface Tally {
  learnt: number;
  runs: number;
}

/**
 * The peaks of the numbers; null where some lie between them. `known`: the task is known to be two-peaked, so
 * numbers at the floor alone count as a peak too.
 */
export function peaksOf(
  numbers: readonly number[],
  metric: MetricName,
  floor: Floor | null,
  tolerance: number,
  known: boolean,
): Peaks | null {
  if (numbers.length === 0) return null;
  const high = metric === 'accuracy' ? 1 : 0;
  const isPerfect = (value: number) => Math.abs(value - high) <= tolerance / 10;
  if (!floor) return numbers.every(isPerfect) ? { low: 1 - high, high } : null;
  const peaks = { low: floor.value, high };
  if (known) return peaks;
  const isGuess = (value: number) => Math.abs(value - floor.value) <= tolerance;
  const isPeaked = numbers.some(isPerfect) && numbers.every((value) => isPerfect(value) || isGuess(value));
  return isPeaked ? peaks : null;
}

const shareLearnt = (value: number, { low, high }: Peaks): number =>
  Math.min(1, Math.max(0, (value - low) / (high - low)));

/** Counts the runs nearer to the higher peak, which learnt. */
export const tallyOf = (values: readonly number[], peaks: Peaks): Tally => ({
  learnt: values.filter((value) => shareLearnt(value, peaks) > 0.5).length,
  runs: values.length,
});

/** The tally of runs whose mean alone is known. */
export const tallyOfMean = (mean: number, runs: number, peaks: Peaks): Tally => ({
  learnt: Math.round(shareLearnt(mean, peaks) * runs),
  runs,
});

const known = new Map<string, number>();
const places = 200;

/**
 * p value of Barnard's unconditional exact test (1945) that two processes learn equally often: the chance of shares at least
 * as far apart as these, maximised over the common chance of learning.
 */
export function chanceOfGap(a: Tally, b: Tally): number {
  const key = `${a.learnt} ${a.runs} ${b.learnt} ${b.runs}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const gap = (i: number, j: number) => Math.abs(i / a.runs - j / b.runs);
  const least = gap(a.learnt, b.learnt) - 1e-9;
  let largest = 0;
  for (let place = 1; place <= places / 2; place++) {
    const [ours, theirs] = [a, b].map(({ runs }) => binomial(runs, place / places));
    let chance = 0;
    for (let i = 0; i <= a.runs; i++)
      for (let j = 0; j <= b.runs; j++) if (gap(i, j) >= least) chance += ours[i] * theirs[j];
    largest = Math.max(largest, chance);
  }
  known.set(key, largest);
  return largest;
}

/** The chances of 0, 1 … `runs` successes. */
function binomial(runs: number, chance: number): number[] {
  const chances = [(1 - chance) ** runs];
  for (let i = 1; i <= runs; i++) chances.push((chances[i - 1] * (runs - i + 1) * chance) / (i * (1 - chance)));
  return chances;
}

/**
 * p value against both sides ending at the same peak: small where all of one side against none of the other would have been
 * significant with this many runs. 1 where the runs of a side disagree.
 */
export function chanceOfSamePeak(a: Tally, b: Tally): number {
  const ends = [a, b].map(({ learnt, runs }) => (learnt === runs ? 1 : learnt === 0 ? 0 : null));
  if (ends[0] === null || ends[0] !== ends[1]) return 1;
  return chanceOfGap({ learnt: a.runs, runs: a.runs }, { learnt: 0, runs: b.runs });
}
