/**
 * Judges whether a cell reproduces its published number. `reproduced` needs evidence that the numbers are the same, not only a
 * lack of evidence that they differ: two one-sided tests at 5 % against the tolerance (Schuirmann 1987). `better` and `not
 * reproduced` need a difference beyond the tolerance, two-sided at 5 %. If neither the published number nor, with significance,
 * ours beats the floor, the verdict is `at the floor`, because agreement means nothing there. Runs that end at one of two peaks
 * must also pass an exact test on their counts (`twoPeaks`), because equal seeds have no spread to test with.
 */
import { type Floor, sitsOnFloor } from '#contract/floor';
import type { PublishedScore } from '#contract/paperTable';
import { deviationOf, interval, type Sample, studentTail, uncertainty } from '#contract/statistics';
import { defaultTolerance, type Judgement, type Tolerance, type Verdict } from '#contract/tableState';
import { level } from './holm.ts';
import { chanceOfGap, chanceOfSamePeak, type Peaks, peaksOf, type Tally, tallyOf, tallyOfMean } from './twoPeaks.ts';

/** The tolerance for one published number, in the unit of its metric. */
export const toleranceOf = ({ metric, value }: PublishedScore, tolerance: Tolerance = defaultTolerance): number =>
  metric === 'accuracy' ? tolerance.accuracy : tolerance.mae * Math.abs(value);

/** The largest number of seeds of a cell. */
export const mostSeeds = 50;

export interface JudgeOptions {
  /** Whether the body is scaled down; then its numbers are not compared. */
  scaled: boolean;
  tolerance?: number;
  floor?: Floor | null;
  /** Whether runs of the task are known to end at one of two peaks. */
  twoPeaked?: boolean;
}

/**
 * Judges the finished runs of a cell. In simulations (normal seeds, one to nine published runs) the verdict is wrong in about 1 %
 * of cells, and in 5 to 6 % of cells whose true difference equals the tolerance. This still holds if the requested seeds are added
 * and judged again, up to ten seeds. Of cells with two peaks and the same probability of learning as published, at most 5 % are
 * judged different, for any such probability.
 */
export function judge(published: PublishedScore | null, samples: readonly Sample[], options: JudgeOptions): Judgement {
  const found = interval(samples, published?.metric ?? null);
  const base = {
    mean: found?.mean ?? null,
    low: found?.low ?? null,
    high: found?.high ?? null,
    seeds: samples.length,
    moreSeeds: null,
    tolerance: null,
    p: null,
    stands: null,
  };
  if (!published) return { ...base, verdict: 'no published number' };
  if (options.scaled) return { ...base, verdict: 'scaled down' };
  const tolerance = options.tolerance ?? toleranceOf(published);
  if (!found || samples.length < 2)
    return { ...base, verdict: "can't tell yet", moreSeeds: fewestSeeds - samples.length, tolerance };

  const spread = uncertainty(samples).error * Math.sqrt(samples.length);
  const sign = published.metric === 'accuracy' ? 1 : -1;
  const gap = sign * (found.mean - published.value); // positive: better than published
  const floor = options.floor && sitsOnFloor(published, options.floor, tolerance) ? options.floor : null;
  const aboveFloor = floor && sign * (found.mean - floor.value);
  const values = samples.map(({ value }) => value);
  const peaks = peaksOfCell(published, values, tolerance, options);
  const theirs = peaks && publishedTally(published, peaks);
  const ours = peaks && tallyOf(values, peaks);
  const decide = (seeds: number): { verdict: Verdict; p: number } | null => {
    const { error, degrees } = doubt(published, spread, seeds);
    const counted = ours && { learnt: Math.round((ours.learnt / ours.runs) * seeds), runs: seeds };
    const samePeak = counted ? chanceOfSamePeak(counted, theirs!) : 0;
    if (aboveFloor !== null) {
      const p = Math.max(tail(tolerance - aboveFloor, spread / Math.sqrt(seeds), seeds - 1, level), samePeak);
      if (p <= level) return { verdict: 'at the floor', p };
    }
    const same = Math.max(tail(tolerance - Math.abs(gap), error, degrees, level), samePeak);
    if (same <= level) return { verdict: 'reproduced', p: same };
    const apart = 2 * tail(Math.abs(gap) - tolerance, error, degrees, level / 2);
    const differs = Math.max(apart, apart <= level && counted ? chanceOfGap(counted, theirs!) : 0);
    return differs <= level ? { verdict: gap > 0 ? 'better' : 'not reproduced', p: differs } : null;
  };
  const decided = decide(samples.length);
  if (decided) return { ...base, ...decided, tolerance };
  let seeds = samples.length + 1;
  while (seeds <= mostSeeds && !decide(seeds)) seeds++;
  const moreSeeds = seeds > mostSeeds ? null : seeds - samples.length;
  return { ...base, verdict: "can't tell yet", moreSeeds, tolerance };
}

/** The smallest number of seeds whose spread is worth a test. */
export const fewestSeeds = 3;

const normal: Record<number, number> = { [level]: 1.6448, [level / 2]: 1.9599 };

/**
 * One-sided p value of a distance under Student's distribution, or 1 if it exceeds `most`. The normal distribution, whose tails
 * are never thicker, excludes most cases faster.
 */
export function tail(distance: number, error: number, degrees: number, most: number): number {
  if (error === 0) return distance >= 0 ? 0 : 1;
  const t = distance / error;
  return t < normal[most] ? 1 : studentTail(t, degrees);
}

/**
 * Standard error and degrees of freedom of the difference between our mean and the published one. `spread` is the standard
 * deviation between our seeds. A published spread enters as in Welch's test, but with no more degrees of freedom than ours,
 * because two seeds would otherwise look more certain than they are. Without a published spread, it is assumed equal to ours,
 * because a published number is a random draw too.
 */
export function doubt(published: PublishedScore, spread: number, seeds: number): { error: number; degrees: number } {
  const ours = spread ** 2 / seeds;
  const runs = published.runs ?? 1;
  const known = publishedSpread(published);
  const theirs = (known ?? spread) ** 2 / runs;
  const error = Math.sqrt(ours + theirs);
  if (known === null || error === 0) return { error, degrees: seeds - 1 };
  const welch = error ** 4 / (ours ** 2 / (seeds - 1) + theirs ** 2 / (runs - 1));
  return { error, degrees: Math.min(welch, seeds - 1) };
}

/** Standard deviation over the published runs, as printed or from their values; null if neither is known. */
export function publishedSpread({ spread, runs, values }: PublishedScore): number | null {
  if ((runs ?? 1) < 2) return null;
  return spread ?? (values && values.length > 1 ? deviationOf(values) : null);
}

/** The peaks of our runs and the published ones together. */
export function peaksOfCell(
  { metric, value, values }: PublishedScore,
  ours: readonly number[],
  tolerance: number,
  { floor = null, twoPeaked = false }: JudgeOptions,
): Peaks | null {
  return peaksOf([...ours, ...(values ?? [value])], metric, floor, tolerance, twoPeaked);
}

export const publishedTally = ({ value, values, runs }: PublishedScore, peaks: Peaks): Tally =>
  values ? tallyOf(values, peaks) : tallyOfMean(value, runs ?? 1, peaks);
