/** Images as tokens, and the order in which an epoch shows them. */
import { PermafrostError } from '#contract/errors';
import { randomStream } from '#contract/random';
import type { Dataset, ImageSet, Split } from './task.ts';

/** How many tokens of how many values a patch size makes of an image. */
export const patchShape = (height: number, width: number, channels: number, patch: number) => ({
  tokens: (height / patch) * (width / patch),
  width: patch * patch * channels,
});

/**
 * For each value of each token, its place in an image stored row by row, channels last.
 * Tokens run row-major over the grid; inside one the order is patch row, patch column, channel:
 * einops 'b c (h p1) (w p2) -> b (h w) (p1 p2 c)'.
 */
export function patchOrder(height: number, width: number, channels: number, patch: number): Int32Array {
  const order = new Int32Array(height * width * channels);
  let at = 0;
  for (let top = 0; top < height; top += patch)
    for (let left = 0; left < width; left += patch)
      for (let row = top; row < top + patch; row++)
        for (let column = left; column < left + patch; column++)
          for (let channel = 0; channel < channels; channel++)
            order[at++] = (row * width + column) * channels + channel;
  return order;
}

/** The images of a split. */
export const imagesOf = (dataset: Dataset, split: Split): ImageSet =>
  split === 'train' ? dataset.train : dataset.test;

/**
 * Image numbers of batch `index` of `size` images: epoch after epoch, each in its own random order, a last short batch dropped.
 * Remembers the order of the epoch asked for last. Throws `config` when one batch takes more images than there are.
 */
export function epochOrder(seed: number, split: Split, count: number, size: number): (index: number) => Int32Array {
  if (size > count) {
    throw new PermafrostError(
      'config',
      `A ${split} batch takes ${size} images, but the data have ${count}. Choose a smaller batch_size or n.`,
    );
  }
  const perEpoch = Math.floor(count / size);
  let current = -1;
  let order = new Int32Array();
  return (index) => {
    const epoch = Math.floor(index / perEpoch);
    if (epoch !== current) {
      current = epoch;
      order = randomStream(seed, split, 'epoch', epoch).permutation(count);
    }
    const start = (index % perEpoch) * size;
    return order.subarray(start, start + size);
  };
}
