/** Draws attention weights over their image. Pure. */
import type { DataSamples } from '#contract/data';
import { type Picture, pictureOf, scaleOf, type TokenGrid, tokenGrid, type ValueRange } from '../datasets/picture.ts';

/** Tokens that a body may put before those of the image: class token and distillation token. */
const mostSpecial = 2;

/** The attention of the token that the output network reads. */
export interface ReadWeights {
  /** The class token of a body that has one, else the last token. */
  reader: 'class token' | 'last token';
  /** For each head, a weight for each token of the image. */
  heads: Float32Array[];
}

/** The weights of the token that the output network reads, from [heads, t, t]; null if the tokens are not those of an image. */
export function readWeights(
  weights: Float32Array,
  heads: number,
  t: number,
  { kind, tokens }: Pick<DataSamples, 'kind' | 'tokens'>,
): ReadWeights | null {
  const special = t - tokens;
  if (kind !== 'image' || special < 0 || special > mostSpecial) return null;
  const row = special > 0 ? 0 : t - 1;
  const rowOf = (head: number) => weights.subarray((head * t + row) * t + special, (head * t + row + 1) * t);
  return {
    reader: special > 0 ? 'class token' : 'last token',
    heads: Array.from({ length: heads }, (_, head) => rowOf(head)),
  };
}

/** Orange, which does not occur in grey images. */
const tint = [255, 140, 0];
/** The share of tint where the weight is largest. */
const strongest = 0.8;
const size = 112; // pixels, about

/** An image in which each patch is tinted in proportion to its weight. */
export function overlay(
  data: Pick<DataSamples, 'kind' | 'tokens' | 'width'>,
  x: readonly number[],
  range: ValueRange,
  weights: Float32Array,
): Picture {
  const grid = tokenGrid(data);
  const { scale } = scaleOf(grid, size);
  const picture = pictureOf(x, grid, { ...range, scale, gap: 0 });
  const most = weights.reduce((a, b) => Math.max(a, b), 0) || 1;
  for (let pixel = 0; pixel < picture.width * picture.height; pixel++) {
    const share = (strongest * (weights[tokenAt(grid, scale, picture.width, pixel)] ?? 0)) / most;
    for (const [channel, value] of tint.entries()) {
      const at = 4 * pixel + channel;
      picture.rgba[at] = (1 - share) * picture.rgba[at] + share * value;
    }
  }
  return picture;
}

function tokenAt({ columns, width, height }: TokenGrid, scale: number, across: number, pixel: number): number {
  const column = Math.floor((pixel % across) / (width * scale));
  const row = Math.floor(Math.floor(pixel / across) / (height * scale));
  return row * columns + column;
}
