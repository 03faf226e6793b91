import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toHalves } from '#formats/half';
import { tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';

const widened = (halves: Uint16Array): Float32Array =>
  tensorData(bytesSource(new Uint8Array(halves.buffer)), {
    ...{ dtype: 'F16', shape: [halves.length], offset: 0, length: halves.byteLength },
  } as const) as Float32Array;

it('every half comes back as itself', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
    (h) => (h & 0x7c00) !== 0x7c00 || (h & 0x3ff) === 0,
  );
  expect(toHalves(widened(all))).toEqual(all);
});

it('a float becomes the nearest half, and the even one if two are equally near', () => {
  const sorted = widened(Uint16Array.from({ length: 0x7c00 }, (_, i) => i)); // all finite positive halves, ascending
  fc.assert(
    fc.property(fc.float({ min: 0, max: 65504, noNaN: true }), (value) => {
      const [found] = widened(toHalves(Float32Array.of(value)));
      const nearest = sorted.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
      expect(Math.abs(found - value)).toBe(Math.abs(nearest - value));
    }),
    { numRuns: 200, seed: 1 },
  );
  expect([...toHalves(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 3 * 2 ** -25, 2 ** -25))]).toEqual([
    ...[0x3c00, 0x3c02, 0x0002, 0x0000],
  ]);
});

it('values that are too large become infinite, and NaN stays NaN', () => {
  const found = widened(toHalves(Float32Array.of(65519, 65520, -1e10, Number.NaN)));
  expect([...found]).toEqual([65504, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
});
