/** Ranges of the x axis. Pure. */
import type { Range } from './series.ts';

/** The range around the same middle, `factor` times as wide. */
export function widened([from, to]: Range, factor: number): Range {
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  return [middle - half, middle + half];
}

/** The range moved by a part of its width. */
export const moved = ([from, to]: Range, part: number): Range => {
  const by = part * (to - from);
  return [from + by, to + by];
};
