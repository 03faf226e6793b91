import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { readSafetensors, safetensorsChunks, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';

const golden = join(import.meta.dirname, '../fixtures/golden');
const open = (path: string) => bytesSource(readFileSync(join(golden, path)));
const concat = (chunks: Iterable<Uint8Array>) => new Uint8Array(Buffer.concat([...chunks]));

it.each(readdirSync(golden).filter((file) => file.endsWith('.safetensors')))(
  '%s: every tensor has as many values as its shape',
  (file) => {
    const source = open(file);
    const { tensors } = readSafetensors(source);
    expect(tensors.size).toBeGreaterThan(0);
    for (const [name, tensor] of tensors) {
      expect(tensorData(source, tensor).length, name).toBe(tensor.shape.reduce((a, b) => a * b, 1));
    }
  },
);

it('widens half and brain floats exactly', () => {
  const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x7e00, 0x3f80, 0xc040).buffer);
  const at = (dtype: 'F16' | 'BF16', from: number, count: number) =>
    tensorData(bytesSource(bytes), { dtype, shape: [count], offset: 2 * from, length: 2 * count });
  expect(at('F16', 0, 6)).toEqual(Float32Array.of(1, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY, Number.NaN));
  expect(at('BF16', 6, 2)).toEqual(Float32Array.of(1, -3));
});

it('writes what it reads, with metadata and aligned data', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  const tensor = shapes.map((shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return {
      shape,
      data: size % 2 ? Float32Array.from({ length: size }, Math.sqrt) : Int32Array.from({ length: size }, (_, i) => -i),
    };
  });
  const names = fc.string({ minLength: 1 }).filter((name) => !['__metadata__', '__proto__'].includes(name));
  fc.assert(
    fc.property(fc.dictionary(names, tensor), fc.dictionary(names, fc.string()), (tensors, metadata) => {
      const source = bytesSource(concat(safetensorsChunks(tensors, metadata)));
      const file = readSafetensors(source);
      expect(file.metadata).toEqual({ ...metadata });
      expect([...file.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
      for (const [name, { shape, data }] of Object.entries(tensors)) {
        const stored = file.tensors.get(name)!;
        expect(stored.shape).toEqual(shape);
        expect(tensorData(source, stored)).toEqual(data);
      }
    }),
  );
});

describe('refuses', () => {
  const rows: [string, RegExp][] = [
    ['x20-header-too-long', /header claims \d+ bytes, but the file has \d+/],
    ['x21-offset-out-of-bounds', /lies at bytes \[.*\], outside the \d+ bytes of data/],
    ['x22-shape-mismatch', /is F32 \[.*\], \d+ bytes, but \d+ are given/],
    ['x23-not-json', /header is not JSON/],
  ];
  it.each(rows)('%s, saying what is wrong', (file, message) => {
    expect(() => readSafetensors(open(`f-checkpoints/${file}.safetensors`))).toThrow(message);
  });

  it('any mutated file, or reads it, but never breaks', () => {
    const original = concat(
      safetensorsChunks({
        a: { shape: [2, 3], data: new Float32Array(6) },
        b: { shape: [4], data: new Int32Array(4) },
      }),
    );
    const mutation = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), fc.nat(original.length), (mutations, length) => {
        const bytes = original.slice(0, length);
        for (const [at, value] of mutations) if (at < length) bytes[at] = value;
        const source = bytesSource(bytes);
        try {
          for (const tensor of readSafetensors(source).tensors.values()) tensorData(source, tensor);
        } catch (error) {
          expect(error).toBeInstanceOf(PermafrostError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
