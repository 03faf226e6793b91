/** Means over seeds and how sure they are: one set of formulas for verdicts, tables and curves. */
import jstat from 'jstat';

/** One finished run: its metric and the standard error of its evaluation. */
export interface Sample {
  value: number;
  standardError: number;
}

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** Quantile `p` of Student's t distribution. */
export const studentT = (p: number, degrees: number): number => jstat.jStat.studentt.inv(p, degrees);
const normal = (p: number): number => studentT(p, 1e6);

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Sample standard deviation of at least two values. */
export function deviationOf(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/**
 * The 95 % interval of the mean over seeds. With two or more seeds it is Student's, on the spread between seeds (which
 * contains each run's evaluation noise), and never narrower than evaluation noise alone allows. With one seed the
 * spread between seeds is unknown and the interval shows evaluation noise only.
 */
export function interval(samples: readonly Sample[]): Interval | null {
  if (samples.length === 0) return null;
  const mean = average(samples.map((s) => s.value));
  const { error, degrees } = uncertainty(samples);
  const spread = samples.length > 1 ? studentT(0.975, degrees) * error : 0;
  const half = Math.max(spread, normal(0.975) * evaluationError(samples));
  return { mean, low: mean - half, high: mean + half };
}

/** Standard error of the mean that evaluation noise alone makes. */
const evaluationError = (samples: readonly Sample[]): number =>
  Math.sqrt(samples.reduce((sum, s) => sum + s.standardError ** 2, 0)) / samples.length;

/** Standard error of the mean and its degrees of freedom. */
export function uncertainty(samples: readonly Sample[]): { error: number; degrees: number } {
  const k = samples.length;
  if (k < 2) return { error: evaluationError(samples), degrees: 1 };
  const seedError = deviationOf(samples.map((s) => s.value)) / Math.sqrt(k);
  return { error: Math.max(seedError, evaluationError(samples)), degrees: k - 1 };
}
