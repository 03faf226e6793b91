/** Images as tokens. */

/** Number of tokens, and of values in each, that a patch size gives for an image. */
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
