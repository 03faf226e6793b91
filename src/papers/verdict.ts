/**
 * Whether a cell reproduces its published number. `reproduced` needs evidence that the numbers are the same, and not only a
 * lack of evidence that they differ: two one-sided tests at 5 % against a visible tolerance (Schuirmann 1987). `better` and
 * `not reproduced` need a difference beyond the tolerance, two-sided at 5 %. Where the published number is no better than
 * guessing and our runs surely are not either, the verdict is `at the floor`: agreement there means nothing. Runs that end at
 * one of two peaks must also pass an exact test on their counts (`twoPeaks`), because equal seeds have no spread to test with.
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

/** Most seeds of a cell. */
export const mostSeeds = 50;

export interface JudgeOptions {
  /** The body is scaled down, so its numbers are not compared. */
  scaled: boolean;
  tolerance?: number;
  floor?: Floor | null;
  /** Whether runs of the task are known to end at one of two peaks. */
  twoPeaked?: boolean;
}

/**
 * Judges the finished runs of a cell. The verdict is wrong in about 1 % of cells, and in 5 to 6 % of those whose true
 * difference equals the tolerance; both hold when the seeds it asks for are added and judged again, up to ten (simulated:
 * normal seeds, one to nine published runs). For a two-peaked process, at most 5 % of cells with the same process are called
 * different, whatever the chance of each peak.
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

/** Fewest seeds whose spread is worth a test. */
export const fewestSeeds = 3;

const normal: Record<number, number> = { [level]: 1.6448, [level / 2]: 1.9599 };

/**
 * One-sided p value of a distance under Student's distribution; 1 where it is above `most`. The normal distribution decides
 * that first and faster, since its tails are never thicker.
 */
export function tail(distance: number, error: number, degrees: number, most: number): number {
  if (error === 0) return distance >= 0 ? 0 : 1;
  const t = distance / error;
  return t < normal[most] ? 1 : studentTail(t, degrees);
}

/**
 * Standard error and degrees of freedom of our mean minus the published one. `spread` is the standard deviation between our
 * seeds. A published spread enters as in Welch's test, with no more degrees of freedom than ours has: two seeds would look
 * more certain than they are. Without one, theirs is assumed equal to ours, because a published number is a draw too.
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

/** Standard deviation over the published runs: as printed, or from their values; null where neither is known. */
export function publishedSpread({ spread, runs, values }: PublishedScore): number | null {
  if ((runs ?? 1) < 2) return null;
  return spread ?? (values && values.length > 1 ? deviationOf(values) : null);
}

/** The peaks of our runs and the published ones. */
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
