import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aligned, alignment, placeValues } from '#engine/wgsl/memory';

const lifetime = fc
  .record({ size: fc.integer({ min: 1, max: 2000 }), from: fc.nat(20), length: fc.nat(10) })
  .map(({ size, from, length }) => ({ size, from, to: from + length }));

it('values that live at the same time never share memory, and blocks are as long as their contents', () => {
  fc.assert(
    fc.property(fc.array(lifetime, { maxLength: 30 }), fc.integer({ min: 2048, max: 8192 }), (values, largest) => {
      const { places, blocks } = placeValues(values, largest);
      values.forEach((a, i) => {
        const end = places[i].offset + aligned(a.size);
        expect(places[i].offset % alignment).toBe(0);
        expect(end).toBeLessThanOrEqual(blocks[places[i].block]);
        values.slice(0, i).forEach((b, j) => {
          const meet = a.from <= b.to && b.from <= a.to && places[i].block === places[j].block;
          const apart = end <= places[j].offset || places[j].offset + aligned(b.size) <= places[i].offset;
          expect(!meet || apart).toBe(true);
        });
      });
      for (const size of blocks) expect(size).toBeLessThanOrEqual(largest);
    }),
    { seed: 1 },
  );
});

it('a value takes the place of one that is no longer read', () => {
  const { blocks } = placeValues(
    [
      { size: 640, from: 0, to: 1 },
      { size: 640, from: 2, to: 3 },
      { size: 64, from: 1, to: 2 },
    ],
    1e6,
  );
  expect(blocks).toEqual([704]);
});
