/** Assigns memory to values that are passed between kernels. Two values may share memory if they do not live at the same time. */

import { PermafrostError } from '#contract/errors';

export interface Lifetime {
  /** Words of memory. */
  size: number;
  /** Positions of the value's first writer and last reader in the order of kernels. */
  from: number;
  to: number;
}

export interface Placing {
  /** Block and first word of each value, in the order given. */
  places: { block: number; offset: number }[];
  /** Words of each block. */
  blocks: number[];
}

/** Values start at multiples of this many words, so that four words can be read at once. */
export const alignment = 64;
export const aligned = (size: number): number => Math.ceil(Math.max(size, 1) / alignment) * alignment;

/** Places values into blocks of at most `largest` words, the largest value first, each at the lowest free place. */
export function placeValues(lifetimes: readonly Lifetime[], largest: number): Placing {
  const places: Placing['places'] = lifetimes.map(() => ({ block: 0, offset: 0 }));
  const placed: number[][] = [];
  const blocks: number[] = [];
  const order = lifetimes.map((_, k) => k).sort((a, b) => lifetimes[b].size - lifetimes[a].size || a - b);
  for (const k of order) {
    const { from, to } = lifetimes[k];
    const size = aligned(lifetimes[k].size);
    for (let block = 0; ; block++) {
      placed[block] ??= [];
      const taken = placed[block]
        .filter((other) => lifetimes[other].from <= to && from <= lifetimes[other].to)
        .map((other) => [places[other].offset, places[other].offset + aligned(lifetimes[other].size)])
        .sort(([a], [b]) => a - b);
      let offset = 0;
      for (const [start, end] of taken) {
        if (offset + size <= start) break;
        offset = Math.max(offset, end);
      }
      if (offset + size > largest && placed[block].length > 0) continue;
      places[k] = { block, offset };
      placed[block].push(k);
      blocks[block] = Math.max(blocks[block] ?? 0, offset + size);
      break;
    }
  }
  return { places, blocks };
}

/** Throws `device` for a value that is too large for any buffer of the adapter. */
export function requireBuffer(name: string, words: number, mostBytes: number): void {
  if (4 * words <= mostBytes) return;
  throw new PermafrostError(
    'device',
    `${name} takes ${megabytes(4 * words)}; this adapter allows ${megabytes(mostBytes)} in one buffer. Choose a smaller batch or model, or another device.`,
  );
}
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
