import { describe, expect, it } from 'vitest';
import { readIdx } from '#formats/idx';
import { bytesSource } from '#formats/source';

const idx = (magic: number, dims: number[], data: number) => {
  const bytes = new Uint8Array(4 + 4 * dims.length + data).fill(7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  dims.forEach((d, i) => {
    view.setUint32(4 + 4 * i, d);
  });
  return bytesSource(bytes);
};

it('reads shape and bytes', () => {
  const { shape, data } = readIdx(idx(2051, [2, 3, 4], 24), 3, 'images');
  expect(shape).toEqual([2, 3, 4]);
  expect(data).toEqual(new Uint8Array(24).fill(7));
});

describe('refuses', () => {
  it.each([
    ['a wrong magic number', idx(2049, [2, 3, 4], 24), /images: expected the magic number 2051 .* found 2049/],
    [
      'a file that is cut off',
      idx(2051, [2, 3, 4], 20),
      /\[2,3,4\], which makes 40 bytes; the file has 36, so it is cut off/,
    ],
    ['a file that is too long', idx(2051, [2, 3, 4], 30), /40 bytes; the file has 46\./],
    ['a file without a header', bytesSource(new Uint8Array(5)), /header of 16 bytes; the file has 5/],
  ])('%s', (_, source, message) => {
    expect(() => readIdx(source, 3, 'images')).toThrow(message);
  });
});
