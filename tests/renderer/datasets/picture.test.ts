import { expect, test } from 'vitest';
import { pictureOf, rangeOf, tokenGrid, wavePath, wordsOf } from '#renderer/pages/datasets/picture';

const pixel = ({ width, rgba }: ReturnType<typeof pictureOf>, x: number, y: number) => [
  ...rgba.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
];

test('patches keep their place in the image, with a transparent gap between them', () => {
  const grid = tokenGrid({ kind: 'image', tokens: 4, width: 4 });
  const x = [0, 0, 0, 1, 1, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0];
  const picture = pictureOf(x, grid, { low: 0, high: 1, scale: 1, gap: 1 });
  expect([picture.width, picture.height]).toEqual([5, 5]);
  expect(pixel(picture, 1, 1)).toEqual([255, 255, 255, 255]); // first patch, last pixel
  expect(pixel(picture, 3, 0)).toEqual([255, 255, 255, 255]); // second patch, first pixel
  expect(pixel(picture, 1, 3)).toEqual([128, 128, 128, 255]); // third patch, second pixel
  expect(pixel(picture, 2, 2)[3]).toBe(0);
});

test('a coloured pixel is three values, patches that fill no square form a row, and values form rows', () => {
  const grid = tokenGrid({ kind: 'image', tokens: 1, width: 12 });
  const red = pictureOf([1, 0, 0, ...Array(9).fill(0)], grid, { low: 0, high: 1, scale: 2, gap: 0 });
  expect([red.width, pixel(red, 1, 1), pixel(red, 2, 0)]).toEqual([4, [255, 0, 0, 255], [0, 0, 0, 255]]);
  expect(tokenGrid({ kind: 'image', tokens: 10, width: 784 })).toMatchObject({ columns: 5, rows: 2, width: 28 });
  expect(tokenGrid({ kind: 'values', tokens: 3, width: 9 })).toMatchObject({
    columns: 1,
    rows: 3,
    width: 9,
    height: 1,
  });
});

test('sound is drawn from the lowest to the highest value of a column, and symbols by name without their padding', () => {
  expect(wavePath([1, -1, 0.5, 0.5], 2)).toBe('M0 2.000L0 0.000L1 0.500L1 0.500');
  expect(wordsOf([2, 1, 0, 0, 0], ['', 'a', 'b'])).toEqual({ words: ['b', 'a'], padding: 3 });
  expect(wordsOf([2, 1], null)).toEqual({ words: ['2', '1'], padding: 0 });
  expect(rangeOf([{ x: [3, -2], y: [], label: '', spectrogram: null, text: null }])).toEqual({ low: -2, high: 3 });
});
