/**
 * Does a cell reproduce its published number? Two one-sided tests at 5 % against a visible tolerance (Schuirmann 1987):
 * `reproduced` needs evidence of sameness, not merely the lack of evidence of a difference.
 */
import jstat from 'jstat';
import type { Published } from './published.ts';

export const verdicts = ['reproduced', 'better', 'not reproduced', "can't tell yet", 'no published number', 'scaled down'] as const;
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
  /** Further seeds that would probably decide; only with `can't tell yet`. */
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
const average = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
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
  const mean = average(samples.map((s) => s.value));
  const variance = samples.reduce((sum, s) => sum + (s.value - mean) ** 2, 0) / (k - 1);
  return { error: Math.max(Math.sqrt(variance / k), evaluationError(samples)), degrees: k - 1 };
}

/** Judges finished runs of a cell. `scaled` runs are never compared: their body is not the published one. */
export function judge(published: Published | null, samples: readonly Sample[], options: { scaled: boolean; tolerance?: number }): Judgement {
  const found = interval(samples);
  const base = { mean: found?.mean ?? null, low: found?.low ?? null, high: found?.high ?? null, seeds: samples.length, moreSeeds: null, tolerance: null };
  if (!published) return { ...base, verdict: 'no published number' };
  if (options.scaled) return { ...base, verdict: 'scaled down' };
  const tolerance = options.tolerance ?? defaultTolerance(published);
  const undecided = (moreSeeds: number): Judgement => ({ ...base, verdict: "can't tell yet", moreSeeds, tolerance });
  if (samples.length < 2) return undecided(3 - samples.length);

  const { error, degrees } = uncertainty(samples);
  // the published mean has a spread of its own where its runs are known
  const theirs = published.spread !== null && (published.runs ?? 0) > 1 ? published.spread ** 2 / published.runs! : 0;
  const combined = Math.sqrt(error ** 2 + theirs);
  const welch = combined === 0 ? degrees : combined ** 4 / (error ** 4 / degrees + (theirs > 0 ? theirs ** 2 / (published.runs! - 1) : 0));
  const sign = published.metric === 'accuracy' ? 1 : -1;
  const gain = sign * (base.mean! - published.value); // positive: better than published
  const reach = t(0.95, Math.max(1, welch)) * combined;
  if (Math.abs(gain) + reach <= tolerance) return { ...base, verdict: 'reproduced', tolerance };
  if (gain - reach > tolerance) return { ...base, verdict: 'better', tolerance };
  if (gain + reach < -tolerance) return { ...base, verdict: 'not reproduced', tolerance };

  const spread = error * Math.sqrt(samples.length);
  const margin = Math.abs(Math.abs(gain) - tolerance);
  let seeds = samples.length + 1;
  while (seeds < mostSeeds && t(0.95, seeds - 1) * Math.sqrt(spread ** 2 / seeds + theirs) > margin) seeds++;
  return undecided(seeds - samples.length);
}
