/** Means over seeds and their uncertainty: one set of formulas for verdicts, tables and curves. */
import jstat from 'jstat';
import type { MetricName } from './runRow.ts';

/** One finished run: its metric and the standard error of its evaluation. */
export interface Sample {
  value: number;
  standardError: number;
  /** Runs with the same seed saw the same batches. */
  seed?: number;
}

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** Quantile `p` of Student's t distribution. */
export const studentT = (p: number, degrees: number): number => jstat.jStat.studentt.inv(p, degrees);
/** The share of Student's t distribution above `t`. */
export const studentTail = (t: number, degrees: number): number => 1 - jstat.jStat.studentt.cdf(t, degrees);
/** The share of the standard normal distribution below `z`. */
export const normalShare = (z: number): number => jstat.jStat.normal.cdf(z, 0, 1);
const normal = (p: number): number => studentT(p, 1e6);

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Sample standard deviation of at least two values. */
export function deviationOf(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

interface Scale {
  most: number;
  to(value: number): number;
  from(scaled: number): number;
  /** Derivative of `to` at a value inside the range. */
  slope(value: number): number;
}

/** Variance-stabilising scales. An interval computed on one stays within the range of its metric. */
const scales: Record<MetricName, Scale> = {
  /** Between 0 and 1: arcsine of the square root (Anscombe 1948). */
  accuracy: {
    most: Math.PI / 2,
    to: (value) => Math.asin(Math.sqrt(value)),
    from: (scaled) => Math.sin(scaled) ** 2,
    slope: (value) => 1 / (2 * Math.sqrt(value * (1 - value))),
  },
  /** Above 0: square root. */
  mae: {
    most: Number.POSITIVE_INFINITY,
    to: Math.sqrt,
    from: (scaled) => scaled ** 2,
    slope: (value) => 1 / (2 * Math.sqrt(value)),
  },
};

/** `mean` ± `half`, computed on the scale of the metric so that both ends stay within its range. */
function bent(mean: number, half: number, metric: MetricName | null): Interval {
  const plain = { mean, low: mean - half, high: mean + half };
  if (metric === null || half === 0) return plain;
  const { most, to, from, slope } = scales[metric];
  const top = metric === 'accuracy' ? 1 : Number.POSITIVE_INFINITY;
  if (mean <= 0 || mean >= top) return { mean, low: Math.max(0, plain.low), high: Math.min(top, plain.high) };
  const reach = half * slope(mean);
  return { mean, low: from(Math.max(0, to(mean) - reach)), high: from(Math.min(most, to(mean) + reach)) };
}

/**
 * The 95 % interval of the mean over seeds. With two or more seeds it uses Student's distribution and the spread between seeds,
 * which includes each run's evaluation noise; it is never narrower than evaluation noise alone. With one seed the spread is
 * unknown, and the interval shows only evaluation noise. With a `metric` it stays within the range of that metric.
 */
export function interval(samples: readonly Sample[], metric: MetricName | null = null): Interval | null {
  if (samples.length === 0) return null;
  const mean = average(samples.map((s) => s.value));
  const { error, degrees } = uncertainty(samples);
  const spread = samples.length > 1 ? studentT(0.975, degrees) * error : 0;
  return bent(mean, Math.max(spread, normal(0.975) * evaluationError(samples)), metric);
}

/** Standard error of the mean from evaluation noise alone. */
export const evaluationError = (samples: readonly Sample[]): number =>
  Math.sqrt(samples.reduce((sum, s) => sum + s.standardError ** 2, 0)) / samples.length;

/** Standard error of the mean and its degrees of freedom. */
export function uncertainty(samples: readonly Sample[]): { error: number; degrees: number } {
  const k = samples.length;
  if (k < 2) return { error: evaluationError(samples), degrees: 1 };
  const seedError = deviationOf(samples.map((s) => s.value)) / Math.sqrt(k);
  return { error: Math.max(seedError, evaluationError(samples)), degrees: k - 1 };
}
