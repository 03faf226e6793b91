/** Draws samples: tokens of images and values as pixels, sound as a line, symbols as words. Pure. */
import type { DataSamples } from '#contract/data';

/** The layout of a sample's values on a grid of tokens. */
export interface TokenGrid {
  /** Columns and rows of tokens. */
  columns: number;
  rows: number;
  /** Size of a token in pixels, and whether a pixel has three values. */
  width: number;
  height: number;
  channels: 1 | 3;
}

/** Images: square patches, arranged in a square if they fill one. Values: a row for each token. */
export function tokenGrid({ kind, tokens, width }: Pick<DataSamples, 'kind' | 'tokens' | 'width'>): TokenGrid {
  if (kind !== 'image') return { columns: 1, rows: tokens, width, height: 1, channels: 1 };
  const channels = Number.isInteger(Math.sqrt(width)) ? 1 : 3;
  const side = Math.sqrt(width / channels);
  const square = Math.sqrt(tokens);
  const columns = Number.isInteger(square) ? square : Math.min(tokens, 5);
  return { columns, rows: Math.ceil(tokens / columns), width: side, height: side, channels };
}

export interface Picture {
  width: number;
  height: number;
  /** Four bytes per pixel; gaps between tokens are transparent. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Draws a sample with `scale` pixels to a value and `gap` between tokens; `low` is black and `high` white. */
export function pictureOf(
  x: readonly number[],
  grid: TokenGrid,
  { low, high, scale, gap }: ValueRange & { scale: number; gap: number },
): Picture {
  const { columns, rows, channels } = grid;
  const [across, down] = [grid.width * scale + gap, grid.height * scale + gap];
  const [width, height] = [columns * across - gap, rows * down - gap];
  const rgba = new Uint8ClampedArray(4 * width * height);
  const level = (value: number) => (255 * (value - low)) / (high - low || 1);
  for (let at = 0; at < x.length; at += channels) {
    const pixel = at / channels;
    const token = Math.floor(pixel / (grid.width * grid.height));
    const inside = pixel % (grid.width * grid.height);
    const left = (token % columns) * across + (inside % grid.width) * scale;
    const top = Math.floor(token / columns) * down + Math.floor(inside / grid.width) * scale;
    const color = [0, 1, 2].map((channel) => level(x[at + Math.min(channel, channels - 1)]));
    for (let row = top; row < top + scale; row++)
      for (let column = left; column < left + scale; column++) rgba.set([...color, 255], 4 * (row * width + column));
  }
  return { width, height, rgba };
}

export interface ValueRange {
  low: number;
  high: number;
}

/** Least and greatest value of all samples. */
export function rangeOf(samples: DataSamples['samples']): ValueRange {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x } of samples)
    for (const value of x) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return { low, high };
}

/** The scale at which a sample has about this size, with gaps between patches of several pixels. */
export function scaleOf({ columns, rows, width, height }: TokenGrid, size: number): { scale: number; gap: number } {
  const scale = Math.max(1, Math.min(14, Math.floor(size / Math.max(columns * width, rows * height))));
  return { scale, gap: width * height > 1 && scale > 1 ? 1 : 0 };
}

/** A waveform as an SVG path over `columns` × 2: from the lowest to the highest value of every column. */
export function wavePath(x: readonly number[], columns: number): string {
  const loudest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const y = (value: number) => (1 - value / loudest).toFixed(3);
  const steps = Array.from({ length: columns }, (_, column) => {
    const part = x.slice(Math.floor((column * x.length) / columns), Math.ceil(((column + 1) * x.length) / columns));
    return `${column} ${y(Math.min(...part))}L${column} ${y(Math.max(...part))}`;
  });
  return `M${steps.join('L')}`;
}

/** The symbols as words; padding at the end is only counted. */
export function wordsOf(x: readonly number[], names: readonly string[] | null): { words: string[]; padding: number } {
  const last = x[x.length - 1];
  let length = x.length;
  while (length > 0 && x[length - 1] === last) length--;
  if (x.length - length === 1) length++; // one is no padding
  return { words: x.slice(0, length).map((id) => names?.[id] || String(id)), padding: x.length - length };
}
