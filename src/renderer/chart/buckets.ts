/**
 * Thins a growing curve into equal stretches of x, each with its lowest and highest point, its mean and its count.
 * Adding a point costs the same at any length, and no peak is lost.
 */
import type { ChartPoint } from '#pictures/chartPoint';

/** A stretch of a curve. */
export interface Bucket {
  /** First and last x. */
  from: number;
  to: number;
  low: ChartPoint;
  high: ChartPoint;
  mean: number;
  /** Number of points. */
  count: number;
}

export interface Buckets {
  /** Adds a point at or after the last one. */
  push(x: number, y: number): void;
  /** Adds stretches that were thinned elsewhere, after the last point. */
  load(stretches: readonly Bucket[]): void;
  /** Number of points in all stretches. */
  readonly count: number;
  readonly last: ChartPoint | null;
  /** The curve to draw: a new array of at most two points per stretch, and the newest point. */
  drawn(): ChartPoint[];
  stretches(): readonly Bucket[];
}

/** Makes buckets of at most `limit` stretches, whose width doubles when there would be more. */
export function createBuckets(limit = 1000): Buckets {
  let buckets: Bucket[] = [];
  let width = 0; // of a stretch in x; 0 while every point has its own
  let count = 0;
  let last: ChartPoint | null = null;
  const indexOf = (x: number) => Math.floor((x - buckets[0].from) / width);

  const add = (next: Bucket) => {
    const previous = buckets.at(-1);
    if (previous && width > 0 && indexOf(previous.from) === indexOf(next.from)) {
      buckets[buckets.length - 1] = joined(previous, next);
    } else buckets.push(next);
    count += next.count;
    if (buckets.length > limit) widen();
  };
  const widen = () => {
    const span = buckets[buckets.length - 1].to - buckets[0].from;
    while (buckets.length > limit) {
      width = width === 0 ? (2 * span) / limit : 2 * width;
      const narrow = buckets;
      buckets = [narrow[0]];
      for (const next of narrow.slice(1)) {
        const previous = buckets[buckets.length - 1];
        if (span === 0 || indexOf(previous.from) === indexOf(next.from))
          buckets[buckets.length - 1] = joined(previous, next);
        else buckets.push(next);
      }
    }
  };

  return {
    push(x, y) {
      const point = { x, y };
      add({ from: x, to: x, low: point, high: point, mean: y, count: 1 });
      last = point;
    },
    load(stretches) {
      for (const stretch of stretches) add(stretch);
      const end = stretches.at(-1);
      if (end) last = end.low.x > end.high.x ? end.low : end.high;
    },
    get count() {
      return count;
    },
    get last() {
      return last;
    },
    drawn() {
      const points = drawnOf(buckets);
      const end = points.at(-1);
      if (last && end && end.x < last.x) points.push(last);
      return points;
    },
    stretches: () => buckets,
  };
}

/** The lowest and highest point of each stretch, in order of x; a single point once. */
export const drawnOf = (buckets: readonly Bucket[]): ChartPoint[] =>
  buckets.flatMap(({ low, high }) => {
    if (low === high || (low.x === high.x && low.y === high.y)) return [low];
    return low.x <= high.x ? [low, high] : [high, low];
  });

const joined = (a: Bucket, b: Bucket): Bucket => ({
  from: a.from,
  to: b.to,
  low: b.low.y < a.low.y ? b.low : a.low,
  high: b.high.y > a.high.y ? b.high : a.high,
  mean: (a.mean * a.count + b.mean * b.count) / (a.count + b.count),
  count: a.count + b.count,
});
