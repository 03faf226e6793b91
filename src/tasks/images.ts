/** Cuts images into patches, which are tokens. */

/** Number of tokens of an image, and of values in each token, for a patch size. */
export const patchShape = (height: number, width: number, channels: number, patch: number) => ({
  tokens: (height / patch) * (width / patch),
  width: patch * patch * channels,
});

/**
 * The index of each value of each token in an image that is stored row by row, channels last.
 * Tokens are in row-major order. Inside a token the order is patch row, patch column, channel:
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
