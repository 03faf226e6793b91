/**
 * Does a cell reproduce its published number? `reproduced` needs evidence of sameness, not merely the lack of evidence of a
 * difference: two one-sided tests at 5 % against a visible tolerance (Schuirmann 1987). `better` and `not reproduced` need
 * a difference beyond the tolerance, two-sided at 5 %. Where the published number is no better than guessing, runs that are
 * surely no better either are `at the floor`: that they agree says nothing.
 */
import { type Floor, sitsOnFloor } from '#contract/floor';
import {
  type Difference,
  defaultTolerance,
  type Judgement,
  type Published,
  type Tolerance,
  type Verdict,
} from '#contract/papers';
import { deviationOf, interval, type Sample, studentT as t, uncertainty } from '#contract/statistics';

/** The tolerance for one published number, in the unit of its metric. */
export const toleranceOf = ({ metric, value }: Published, tolerance: Tolerance = defaultTolerance): number =>
  metric === 'accuracy' ? tolerance.accuracy : tolerance.mae * Math.abs(value);

const mostSeeds = 50;

/**
 * How much better one set of runs is than another, with Welch's interval over seeds, never narrower than evaluation noise.
 * Null where either has fewer than two seeds.
 */
export function compare(
  ours: readonly Sample[],
  theirs: readonly Sample[],
  metric: Published['metric'],
): Difference | null {
  if (ours.length < 2 || theirs.length < 2) return null;
  const [a, b] = [ours, theirs].map((samples) => ({ ...interval(samples)!, ...uncertainty(samples) }));
  const sign = metric === 'accuracy' ? 1 : -1;
  const error = Math.hypot(a.error, b.error);
  const degrees = error === 0 ? 1 : error ** 4 / (a.error ** 4 / a.degrees + b.error ** 4 / b.degrees);
  const half = error === 0 ? 0 : t(0.975, degrees) * error;
  const gain = sign * (a.mean - b.mean);
  return { gain, low: gain - half, high: gain + half };
}

/**
 * Judges finished runs of a cell. `scaled` runs are never compared: their body is not the published one.
 * Wrong in about 1 % of cells, and in 5 to 6 % of those whose truth lies on the tolerance itself; adding the seeds it asks
 * for and judging again, up to ten, keeps both (simulated, normal seeds, one to nine published runs).
 */
export function judge(
  published: Published | null,
  samples: readonly Sample[],
  options: { scaled: boolean; tolerance?: number; floor?: Floor | null },
): Judgement {
  const found = interval(samples);
  const base = {
    mean: found?.mean ?? null,
    low: found?.low ?? null,
    high: found?.high ?? null,
    seeds: samples.length,
    moreSeeds: null,
    tolerance: null,
  };
  if (!published) return { ...base, verdict: 'no published number' };
  if (options.scaled) return { ...base, verdict: 'scaled down' };
  const tolerance = options.tolerance ?? toleranceOf(published);
  if (!found || samples.length < 2) {
    return { ...base, verdict: "can't tell yet", moreSeeds: 3 - samples.length, tolerance };
  }

  const spread = uncertainty(samples).error * Math.sqrt(samples.length);
  const sign = published.metric === 'accuracy' ? 1 : -1;
  const gap = sign * (found.mean - published.value); // positive: better than published
  const floor = options.floor && sitsOnFloor(published, options.floor, tolerance) ? options.floor : null;
  const aboveFloor = floor && sign * (found.mean - floor.value);
  const decide = (seeds: number): Verdict | null => {
    const { error, degrees } = doubt(published, spread, seeds);
    const alone = spread / Math.sqrt(seeds);
    if (aboveFloor !== null && isBelow(aboveFloor, 0.95, alone, seeds - 1, tolerance)) return 'at the floor';
    if (isBelow(Math.abs(gap), 0.95, error, degrees, tolerance)) return 'reproduced';
    const differs = isBelow(-Math.abs(gap), 0.975, error, degrees, -tolerance);
    return differs ? (gap > 0 ? 'better' : 'not reproduced') : null;
  };
  const verdict = decide(samples.length);
  if (verdict) return { ...base, verdict, tolerance };
  let seeds = samples.length + 1;
  while (seeds <= mostSeeds && !decide(seeds)) seeds++;
  const moreSeeds = seeds > mostSeeds ? null : seeds - samples.length;
  return { ...base, verdict: "can't tell yet", moreSeeds, tolerance };
}

const normal = { 0.95: 1.6448, 0.975: 1.9599 };

/** Whether a value with this standard error is below a limit, one-sided with certainty `p`. Student's t is slow and never below the normal's. */
const isBelow = (value: number, p: keyof typeof normal, error: number, degrees: number, limit: number): boolean =>
  value + normal[p] * error <= limit && value + t(p, degrees) * error <= limit;

/**
 * Standard error of our mean minus the published one. `spread` is the standard deviation between our seeds. A published
 * spread enters as Welch has it, with no more degrees of freedom than ours (two seeds would seem surer than they are);
 * where none is known, theirs is taken to be ours, for a published number is a draw too.
 */
function doubt(published: Published, spread: number, seeds: number): { error: number; degrees: number } {
  const ours = spread ** 2 / seeds;
  const runs = published.runs ?? 1;
  const known = publishedSpread(published);
  const theirs = (known ?? spread) ** 2 / runs;
  const error = Math.sqrt(ours + theirs);
  if (known === null || error === 0) return { error, degrees: seeds - 1 };
  const welch = error ** 4 / (ours ** 2 / (seeds - 1) + theirs ** 2 / (runs - 1));
  return { error, degrees: Math.min(welch, seeds - 1) };
}

/** Standard deviation over the published runs: as printed, or from their values; null when neither says it. */
function publishedSpread({ spread, runs, values }: Published): number | null {
  if ((runs ?? 1) < 2) return null;
  return spread ?? (values && values.length > 1 ? deviationOf(values) : null);
}
