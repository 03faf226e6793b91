import { expect, test } from 'vitest';
import { overlay, readWeights } from '#renderer/pages/run/overlay';

const image = { kind: 'image', tokens: 4, width: 4 } as const; // 2 × 2 patches of 2 × 2 pixels
/** [heads, t, t] in which each weight is its own place. */
const weights = (heads: number, t: number) => Float32Array.from({ length: heads * t * t }, (_, i) => i);

test('the map is that of the class token, or of the last token where there is no class token', () => {
  expect(readWeights(weights(2, 4), 2, 4, image)).toEqual({
    reader: 'last token',
    heads: [Float32Array.of(12, 13, 14, 15), Float32Array.of(28, 29, 30, 31)],
  });
  expect(readWeights(weights(1, 5), 1, 5, image)).toEqual({
    reader: 'class token',
    heads: [Float32Array.of(1, 2, 3, 4)],
  });
});

test('tokens that are no patches of an image have no overlay', () => {
  expect(readWeights(weights(1, 4), 1, 4, { kind: 'values', tokens: 4 })).toBeNull();
  expect(readWeights(weights(1, 8), 1, 8, image)).toBeNull();
});

test('the patch with the largest weight is tinted most, one without weight not at all', () => {
  const black = new Array(16).fill(0);
  const { width, rgba } = overlay(image, black, { low: 0, high: 1 }, Float32Array.of(0, 0.2, 0, 0.8));
  const redAt = (x: number, y: number) => rgba[4 * (y * width + x)];
  const [near, far] = [1, width - 2];
  expect([redAt(near, near), redAt(far, near), redAt(near, far), redAt(far, far)]).toEqual([0, 51, 0, 204]);
});
