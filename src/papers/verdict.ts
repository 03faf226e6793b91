/**
 * Does a cell reproduce its published number? Two one-sided tests at 5 % against a visible tolerance (Schuirmann 1987):
 * `reproduced` needs evidence of sameness, not merely the lack of evidence of a difference.
 */
import jstat from 'jstat';
import type { Published } from './published.ts';

export const verdicts = [
  'reproduced',
  'better',
  'not reproduced',
  "can't tell yet",
  'no published number',
  'scaled down',
] as const;
export type Verdict = (typeof verdicts)[number];

/** One finished run: its metric and the standard error of its evaluation. */
export interface Sample {
  value: number;
  standardError: number;
}

export interface Judgement {
  verdict: Verdict;
  /** Mean over seeds and its 95 % interval; null without runs. */
  mean: number | null;
  low: number | null;
  high: number | null;
  seeds: number;
  /** Further seeds that would probably decide; only with `can't tell yet`, and null there when no number of seeds would. */
  moreSeeds: number | null;
  tolerance: number | null;
}

/** How far apart two numbers may lie and still be the same result. */
const tolerances: Record<Published['metric'], (published: number) => number> = {
  accuracy: () => 0.02,
  mae: (published) => 0.1 * Math.abs(published),
};
export const defaultTolerance = ({ metric, value }: Published): number => tolerances[metric](value);

const t = (p: number, degrees: number): number => jstat.jStat.studentt.inv(p, degrees);
const normal = (p: number): number => t(p, 1e6);
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
/** Sample standard deviation of at least two values. */
const deviation = (values: readonly number[]): number => {
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};
const mostSeeds = 50;

/**
 * The 95 % interval of the mean over seeds. With two or more seeds it is Student's, on the spread between seeds (which
 * contains each run's evaluation noise), and never narrower than evaluation noise alone allows. With one seed the
 * spread between seeds is unknown and the interval shows evaluation noise only.
 */
export function interval(samples: readonly Sample[]): { mean: number; low: number; high: number } | null {
  if (samples.length === 0) return null;
  const mean = average(samples.map((s) => s.value));
  const { error, degrees } = uncertainty(samples);
  const half = Math.max(samples.length > 1 ? t(0.975, degrees) * error : 0, normal(0.975) * evaluationError(samples));
  return { mean, low: mean - half, high: mean + half };
}

/** Standard error of the mean that evaluation noise alone makes. */
const evaluationError = (samples: readonly Sample[]): number =>
  Math.sqrt(samples.reduce((sum, s) => sum + s.standardError ** 2, 0)) / samples.length;

function uncertainty(samples: readonly Sample[]): { error: number; degrees: number } {
  const k = samples.length;
  if (k < 2) return { error: evaluationError(samples), degrees: 1 };
  const seedError = deviation(samples.map((s) => s.value)) / Math.sqrt(k);
  return { error: Math.max(seedError, evaluationError(samples)), degrees: k - 1 };
}

/**
 * Judges finished runs of a cell. `scaled` runs are never compared: their body is not the published one.
 * A single judgement errs in at most 5 % of cells, wherever the truth lies. Adding the seeds it asks for and judging again,
 * up to ten, errs in about 7 % where the truth lies exactly on the tolerance, and in about 1 % over all gaps (simulated).
 */
export function judge(
  published: Published | null,
  samples: readonly Sample[],
  options: { scaled: boolean; tolerance?: number },
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
  const tolerance = options.tolerance ?? defaultTolerance(published);
  if (!found || samples.length < 2) {
    return { ...base, verdict: "can't tell yet", moreSeeds: 3 - samples.length, tolerance };
  }

  const spread = uncertainty(samples).error * Math.sqrt(samples.length);
  const gain = (published.metric === 'accuracy' ? 1 : -1) * (found.mean - published.value); // positive: better than published
  const doubt = reach(published, spread, samples.length);
  if (Math.abs(gain) + doubt <= tolerance) return { ...base, verdict: 'reproduced', tolerance };
  if (gain - doubt > tolerance) return { ...base, verdict: 'better', tolerance };
  if (gain + doubt < -tolerance) return { ...base, verdict: 'not reproduced', tolerance };
  const margin = Math.abs(Math.abs(gain) - tolerance);
  return {
    ...base,
    verdict: "can't tell yet",
    moreSeeds: further(published, spread, samples.length, margin),
    tolerance,
  };
}

/**
 * How far our mean minus the published one may lie from the truth, one-sided at 5 %. `spread` is the standard deviation
 * between our seeds. A published spread enters as Welch has it; where none is known, theirs is taken to be ours, for a
 * published number is a draw too.
 */
function reach(published: Published, spread: number, seeds: number): number {
  const ours = spread ** 2 / seeds;
  const runs = published.runs ?? 1;
  const known = publishedSpread(published);
  const theirs = (known ?? spread) ** 2 / runs;
  if (ours + theirs === 0) return 0;
  const degrees =
    known === null ? seeds - 1 : (ours + theirs) ** 2 / (ours ** 2 / (seeds - 1) + theirs ** 2 / (runs - 1));
  return t(0.95, degrees) * Math.sqrt(ours + theirs);
}

/** Standard deviation over the published runs: as printed, or from their values; null when neither says it. */
function publishedSpread({ spread, runs, values }: Published): number | null {
  if ((runs ?? 1) < 2) return null;
  return spread ?? (values && values.length > 1 ? deviation(values) : null);
}

/** Seeds after which the doubt would be below `margin` if nothing else moved; null when {@link mostSeeds} are too few. */
function further(published: Published, spread: number, seeds: number, margin: number): number | null {
  for (let total = seeds + 1; total <= mostSeeds; total++) {
    if (reach(published, spread, total) <= margin) return total - seeds;
  }
  return null;
}
