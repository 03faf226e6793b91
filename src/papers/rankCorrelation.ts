/** Spearman's rank correlation with its interval. */
import type { RankCorrelation } from '#contract/tableState';

/** Ranks from 1; equal values share their mean rank. */
function ranksOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const sum = (of: (x: number, y: number) => number) => xs.reduce((total, x, i) => total + of(x - mx, ys[i] - my), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

/**
 * Spearman's rank correlation. Its 95 % interval uses Fisher's transform with the standard error of Fieller, Hartley and Pearson
 * (1957). Null with fewer than five points, or if a coordinate is constant.
 */
export function rankCorrelation(points: readonly { x: number; y: number }[]): RankCorrelation | null {
  if (points.length < 5) return null;
  const rho = correlation(ranksOf(points.map(({ x }) => x)), ranksOf(points.map(({ y }) => y)));
  if (Number.isNaN(rho)) return null;
  const half = 1.96 * Math.sqrt(1.06 / (points.length - 3));
  const bounded = Math.max(-0.999999, Math.min(0.999999, rho));
  return {
    rho,
    low: Math.min(rho, Math.tanh(Math.atanh(bounded) - half)),
    high: Math.max(rho, Math.tanh(Math.atanh(bounded) + half)),
    points: points.length,
  };
}
