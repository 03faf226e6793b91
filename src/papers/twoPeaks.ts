/**
 * Statistics of tasks that a run either learns or does not learn. The metric ends at one of two peaks, and the spread of a few
 * seeds at one peak says nothing about the other. So these runs are counted, not averaged.
 */
import type { Floor } from '#contract/floor';
import type { MetricName } from '#contract/runRow';

export interface Peaks {
  /** The metric of a run that has not learnt the task. */
  low: number;
  /** The metric of a perfect run. */
  high: number;
}

/** The number of runs, and of those that learnt the task. */
export interface Tally {
  learnt: number;
  runs: number;
}

/**
 * The peaks of the numbers; null if some numbers lie between them. `known` says that the task is known to have two peaks; then
 * numbers that are all at the floor have peaks too.
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

/** Counts a run as learnt if it is nearer to the peak of a perfect run. */
export const tallyOf = (values: readonly number[], peaks: Peaks): Tally => ({
  learnt: values.filter((value) => shareLearnt(value, peaks) > 0.5).length,
  runs: values.length,
});

/** The tally of runs of which only the mean is known. */
export const tallyOfMean = (mean: number, runs: number, peaks: Peaks): Tally => ({
  learnt: Math.round(shareLearnt(mean, peaks) * runs),
  runs,
});

const knownChances = new Map<string, number>();
/** The common probability of learning is tried in steps of 1 / 200. */
const places = 200;

/**
 * p value of Barnard's unconditional exact test (1945) for two processes that learn equally often: the probability of shares at
 * least as far apart as these, maximised over the common probability of learning.
 */
export function chanceOfGap(a: Tally, b: Tally): number {
  const key = `${a.learnt} ${a.runs} ${b.learnt} ${b.runs}`;
  const known = knownChances.get(key);
  if (known !== undefined) return known;
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
  knownChances.set(key, largest);
  return largest;
}

/** The probabilities of 0, 1 … `runs` successes. */
function binomial(runs: number, chance: number): number[] {
  const chances = [(1 - chance) ** runs];
  for (let i = 1; i <= runs; i++) chances.push((chances[i - 1] * (runs - i + 1) * chance) / (i * (1 - chance)));
  return chances;
}

/**
 * p value for evidence that both sides end at the same peak. It is small if there are enough runs that the opposite outcome, all
 * runs of one side against none of the other, would have been significant. 1 if the runs of one side disagree.
 */
export function chanceOfSamePeak(a: Tally, b: Tally): number {
  const ends = [a, b].map(({ learnt, runs }) => (learnt === runs ? 1 : learnt === 0 ? 0 : null));
  if (ends[0] === null || ends[0] !== ends[1]) return 1;
  return chanceOfGap({ learnt: a.runs, runs: a.runs }, { learnt: 0, runs: b.runs });
}
