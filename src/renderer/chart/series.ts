/** The data of a chart: series, reference numbers and the caption. Pure. */
import { countText } from '#contract/format';
import type { ChartPoint } from '#pictures/chartPoint';

export interface Series {
  id: string;
  label: string;
  /** A CSS colour that a canvas accepts. */
  color: string;
  /** In order of x. */
  points: readonly ChartPoint[];
  /** The points before smoothing, drawn paler behind the others. */
  raw?: readonly ChartPoint[];
  /** An interval around the line, in order of x. */
  band?: readonly { x: number; low: number; high: number }[];
  /** Number of points that the source has in the drawn range; absent: all are drawn. */
  total?: number;
}

/** A number to compare with, such as a published one, with the range that counts as equal. */
export interface Reference {
  label: string;
  value: number;
  low?: number;
  high?: number;
}

/** [from, to] on the x axis. */
export type ChartRange = readonly [from: number, to: number];

/** Lowest and highest x of all series; null without points. */
export function extentOf(series: readonly Series[]): ChartRange | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { points, raw = [] } of series) {
    for (const list of [points, raw]) {
      if (list.length === 0) continue;
      low = Math.min(low, list[0].x);
      high = Math.max(high, list[list.length - 1].x);
    }
  }
  return low <= high ? [low, high] : null;
}

/** The measured points of a series: the raw ones if it was smoothed. */
export const measured = ({ points, raw }: Series): readonly ChartPoint[] => raw ?? points;

/** Points without those that a log axis cannot show. */
export const positive = (points: readonly ChartPoint[]): readonly ChartPoint[] =>
  points.every((p) => p.y > 0) ? points : points.filter((p) => p.y > 0);

const inside = (points: readonly ChartPoint[], range: ChartRange | null): readonly ChartPoint[] =>
  range ? points.filter(({ x }) => x >= range[0] && x <= range[1]) : points;

export interface CaptionOptions {
  series: readonly Series[];
  range: ChartRange | null;
  logScale: boolean;
}

/** Says how many points are drawn, how they were chosen, and how many a log axis omits. */
export function caption({ series, range, logScale }: CaptionOptions): string {
  let [drawn, total, hidden] = [0, 0, 0];
  for (const one of series) {
    const all = measured(one);
    const points = inside(all, range);
    drawn += points.length;
    // a series extends a little beyond the range
    total += Math.max((one.total ?? 0) - (all.length - points.length), points.length);
    if (logScale) hidden += points.length - positive(points).length;
  }
  if (total === 0) return range ? 'No points in this range.' : 'No points yet.';
  const first =
    drawn === total
      ? `All ${countText(total)} points drawn.`
      : `${countText(drawn)} of ${countText(total)} points drawn: the lowest and the highest of each stretch, so no peak is lost. Zoom in to see more.`;
  return hidden > 0 ? `${first} ${countText(hidden)} at or below 0 cannot be shown on a log axis.` : first;
}
