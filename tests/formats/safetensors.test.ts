import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { readSafetensors, safetensorsChunks, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';

const golden = join(import.meta.dirname, '../fixtures/golden');
const open = (path: string) => bytesSource(readFileSync(join(golden, path)));
const concat = (chunks: Iterable<Uint8Array>) => new Uint8Array(Buffer.concat([...chunks]));

const whole = [golden, join(golden, 'f-checkpoints')]
  .flatMap((folder) => readdirSync(folder).map((file) => relative(golden, join(folder, file))))
  .filter((file) => file.endsWith('.safetensors') && !file.startsWith('f-checkpoints/x'));
it.each(whole)('%s: every tensor has as many values as its shape says', (file) => {
  const source = open(file);
  const { tensors } = readSafetensors(source);
  expect(tensors.size).toBeGreaterThan(0);
  for (const [name, tensor] of tensors) {
    expect(tensorData(source, tensor).length, name).toBe(tensor.shape.reduce((a, b) => a * b, 1));
  }
});

it('widens half and brain floats exactly', () => {
  const halves = [0x3c00, 0xc000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x8000];
  const bytes = new Uint8Array(Uint16Array.of(...halves, 0x3f80, 0xc040).buffer);
  const at = (dtype: 'F16' | 'BF16', from: number, count: number) =>
    tensorData(bytesSource(bytes), { dtype, shape: [count], offset: 2 * from, length: 2 * count });
  const [tiny, infinity] = [2 ** -24, Number.POSITIVE_INFINITY];
  expect(at('F16', 0, halves.length)).toEqual(
    Float32Array.of(1, -2, tiny, -tiny, 1023 * tiny, 1024 * tiny, 65504, -65504, infinity, -infinity, Number.NaN, -0),
  );
  expect(at('BF16', halves.length, 2)).toEqual(Float32Array.of(1, -3));
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
    { seed: 1 },
  );
});

it('a tensor of an unknown type fails only when it is read', () => {
  const json = JSON.stringify({
    scale: { dtype: 'F8_E4M3', shape: [3], data_offsets: [0, 3] },
    packed: { dtype: 'F4', shape: [2], data_offsets: [3, 4] },
    w: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
  });
  const bytes = Buffer.alloc(8 + json.length + 8);
  bytes.writeBigUInt64LE(BigInt(json.length));
  bytes.write(json, 8);
  bytes.writeFloatLE(1.5, 8 + json.length + 4);
  const source = bytesSource(bytes);
  const { tensors } = readSafetensors(source);
  expect(tensorData(source, tensors.get('w')!)).toEqual(Float32Array.of(1.5));
  expect(tensors.get('scale')).toMatchObject({ dtype: 'F8_E4M3', shape: [3] });
  expect(() => tensorData(source, tensors.get('scale')!)).toThrow(
    /values of dtype F8_E4M3 cannot be read; supported: F64/,
  );
});

describe('refuses', () => {
  const rows: [string, RegExp][] = [
    ['x20-header-too-long', /header should have \d+ bytes, but the file has \d+/],
    ['x21-offset-out-of-bounds', /should be at bytes \[.*\], which are outside the \d+ bytes of data/],
    ['x22-shape-mismatch', /is F32 \[.*\]: expected \d+ bytes, found \d+/],
    ['x23-not-json', /header is not JSON/],
  ];
  it.each(rows)('%s, saying what is wrong', (file, message) => {
    expect(() => readSafetensors(open(`f-checkpoints/${file}.safetensors`))).toThrow(message);
  });

  const withHeader = (header: unknown, data = 8) => withText(JSON.stringify(header), data);
  const withText = (text: string, data: number) => {
    const json = new TextEncoder().encode(text);
    const bytes = new Uint8Array(8 + json.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytesSource(bytes);
  };
  const tensor = (dtype: unknown, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
  it.each([
    ['fewer bytes than a header length', bytesSource(new Uint8Array(7)), /it has 7 bytes/],
    ['a header that is a list', withHeader([]), /not a JSON object/],
    ['metadata that is no record', withHeader({ __metadata__: null }), /its __metadata__ is null/],
    ['metadata that is not text', withHeader({ __metadata__: { a: 1 } }), /its __metadata__ is {"a":1}/],
    [
      'a dtype that is no text',
      withHeader({ a: tensor(['F32'], [2], [0, 8]) }),
      /a has dtype \["F32"\]; expected the name of a type/,
    ],
    ['a negative dimension', withHeader({ a: tensor('F32', [-2], [0, 8]) }), /a has shape \[-2\]/],
    ['offsets in the wrong order', withHeader({ a: tensor('F32', [2], [8, 0]) }), /a should be at bytes \[8,0\]/],
    [
      'tensors that share bytes',
      withHeader({ a: tensor('F32', [2], [0, 8]), b: tensor('F32', [1], [4, 8]) }),
      /a and b share bytes/,
    ],
    ['a tensor that is no record', withHeader({ a: 'text' }), /a has dtype undefined/],
    [
      'bytes before its first tensor',
      withHeader({ a: tensor('F32', [1], [4, 8]) }),
      /the 4 bytes before a belong to no tensor/,
    ],
    [
      'a hole between tensors',
      withHeader({ a: tensor('F32', [1], [0, 4]), b: tensor('F32', [1], [8, 12]) }, 12),
      /the 4 bytes before b belong to no tensor/,
    ],
    ['bytes after its last tensor', withHeader({ a: tensor('F32', [1], [0, 4]) }), /4 bytes follow its last tensor/],
    [
      'a name that stands twice',
      withText(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      /its header has "a" twice/,
    ],
    [
      'a field that stands twice',
      withText('{"a":{"dtype":"F16","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /its header has "dtype" twice/,
    ],
    ['a header nested like no header', withText(`{"a":${'['.repeat(9)}${']'.repeat(9)}}`, 0), /nested too deeply/],
    ['a name that is a book', withHeader({ ['x'.repeat(2000)]: tensor('F32', [2], [0, 8]) }), /2000 characters/],
  ])('%s, saying so', (_, source, message) => {
    expect(() => readSafetensors(source)).toThrow(message);
  });

  it('or reads any mutated file, but never fails in another way', () => {
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
      { numRuns: 2000, seed: 2 },
    );
  });
});
