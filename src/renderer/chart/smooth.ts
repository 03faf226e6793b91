/** Smoothing of curves. Pure. */

import type { ChartPoint } from '#pictures/chartPoint';
import type { Bucket } from './buckets.ts';

/**
 * Exponential moving average with bias correction: `weight` in [0, 1) is the share that the average keeps at each point, and early values
 * are divided by the weight seen so far instead of starting at 0. A stretch of n points counts as its mean n times.
 */
export function smoothed(buckets: readonly Bucket[], weight: number): ChartPoint[] {
  let [average, past] = [0, 1];
  return buckets.map(({ from, to, mean, count }) => {
    const keep = weight ** count;
    average = keep * average + (1 - keep) * mean;
    past *= keep;
    return { x: (from + to) / 2, y: average / (1 - past) };
  });
}
