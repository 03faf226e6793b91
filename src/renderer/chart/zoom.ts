/** Ranges of the x axis. Pure. */
import type { ChartRange } from './series.ts';

/** The range with the same middle, `factor` times as wide. */
export function widened([from, to]: ChartRange, factor: number): ChartRange {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return [middle - half, middle + half];
}

/** The range moved by a part of its width. */
export const moved = ([from, to]: ChartRange, part: number): ChartRange => {
  const by = part * (to - from);
  return [from + by, to + by];
};
