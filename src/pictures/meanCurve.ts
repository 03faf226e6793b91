/** The mean curve of several runs, with its 95 % interval. Pure. */
import type { MetricName } from '#contract/runRow';
import { interval } from '#contract/statistics';
import type { ChartPoint } from './chartPoint.ts';

export interface MeanCurve {
  points: ChartPoint[];
  /** Only at points that two or more curves reach. */
  band: { x: number; low: number; high: number }[];
}

/**
 * The mean at no more than `count` values of x, chosen from those of all curves. Curves are interpolated linearly and not
 * extrapolated, so the mean may cover fewer runs towards the ends. The band stays within the range of `metric`.
 */
export function meanCurve(
  curves: readonly (readonly ChartPoint[])[],
  metric: MetricName | null = null,
  count = 400,
): MeanCurve {
  const filled = curves.filter((curve) => curve.length > 0);
  const all = [...new Set(filled.flatMap((curve) => curve.map(({ x }) => x)))].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(all.length / count));
  const readers = filled.map(reader);
  const result: MeanCurve = { points: [], band: [] };
  all.forEach((x, i) => {
    if (i % every !== 0 && i !== all.length - 1) return;
    const values = readers.map((at) => at(x)).filter((value) => value !== null);
    const samples = values.map((value) => ({ value, standardError: 0 }));
    const found = interval(samples, metric);
    if (!found) return;
    result.points.push({ x, y: found.mean });
    if (values.length > 1) result.band.push({ x, low: found.low, high: found.high });
  });
  return result;
}

/** Makes a function that interpolates a curve at increasing x. */
function reader(curve: readonly ChartPoint[]): (x: number) => number | null {
  let next = 0;
  return (x) => {
    while (next < curve.length - 1 && curve[next].x < x) next++;
    const [before, after] = [curve[Math.max(0, next - 1)], curve[next]];
    if (x < curve[0].x || x > after.x) return null;
    if (after.x === before.x || x === after.x) return after.y;
    return before.y + ((after.y - before.y) * (x - before.x)) / (after.x - before.x);
  };
}
