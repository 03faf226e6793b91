/** Golden checkpoints: every good file equals its .safetensors twin bit for bit, every broken one is one clear error. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { elementsOf, float32Values, type StoredArray } from '#formats/array';
import { readModelCheckpoint } from '#formats/modelCheckpoint';
import { bytesSource } from '#formats/source';

const golden = join(import.meta.dirname, '../fixtures/golden/f-checkpoints');
const index = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8'));
const open = (file: string) => readModelCheckpoint(bytesSource(readFileSync(join(golden, file))), file);
const bytesOf = (array: StoredArray): string => Buffer.concat([...array.chunks()]).toString('hex');
const contents = (arrays: Map<string, StoredArray>) =>
  Object.fromEntries([...arrays].map(([name, array]) => [name, [array.dtype, array.shape, bytesOf(array)]]));

describe('a PyTorch file', () => {
  const good: { file: string }[] = index.good;
  it.each(good.map(({ file }) => file))('%s equals its .safetensors twin bit for bit', (file) => {
    const { format, arrays } = open(file);
    expect(format).toBe('torch');
    expect(contents(arrays)).toEqual(contents(open(file.replace(/\.\w+$/, '.safetensors')).arrays));
  });

  it('x12: a hand-written container is read', () => {
    const w = open('x12-ok-control.bin').arrays.get('w')!;
    expect(w.shape).toEqual([3, 3]);
    expect([...float32Values(w)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('a broken or hostile file is one clear error', () => {
  const rows: [string, RegExp][] = [
    ['x01-evil-zip.bin', /refers to posix\.system, which weights do not need\. Nothing was executed/],
    ['x02-evil-legacy.bin', /refers to posix\.system/],
    ['x03-truncated-zip.bin', /no directory at its end, so it is cut off/],
    ['x04-truncated-legacy.bin', /is cut off: storage \d+ ends at byte \d+, but the file has 14191/],
    ['x05-wrong-magic.bin', /magic number is \d+; expected 119547037146038801333356/],
    ['x06-git-lfs-pointer.bin', /neither a zip nor a PyTorch pickle \("version https:\/\/git-lfs/],
    ['x07-view-out-of-bounds.bin', /w reaches to element 12 of storage 0, which has 10/],
    ['x08-unknown-global.bin', /refers to collections\.Counter/],
    ['x09-storage-too-small.bin', /storage data\/0 should have 4398046511104 bytes, but has 16/],
    ['x10-missing-storage.bin', /storage data\/7 is missing/],
    ['x11-negative-size.bin', /expected whole numbers from 0/],
    ['x13-bit-flip-crc.bin', /checksum \(CRC-32\) of \S+\/data\/0 is wrong/],
    ['x20-header-too-long.safetensors', /header should have \d+ bytes/],
    ['x21-offset-out-of-bounds.safetensors', /outside the \d+ bytes of data/],
    ['x22-shape-mismatch.safetensors', /expected \d+ bytes, found \d+/],
    ['x23-not-json.safetensors', /header is not JSON/],
  ];
  it.each(rows)('%s', (file, message) => {
    const read = () => {
      for (const array of open(file).arrays.values()) float32Values(array);
    };
    expect(read).toThrow(PermafrostError);
    expect(read).toThrow(message);
    expect(read).toThrow(new RegExp(`^${file}: The .* is invalid: .* Fetch or write it again`));
  });

  it('every bad golden file has a row, and none of their code was executed', () => {
    const rejected = index.bad.filter((row: { expect: string }) => row.expect === 'reject');
    expect(rows.map(([file]) => file)).toEqual(rejected.map((row: { file: string }) => row.file));
    expect(existsSync(join(tmpdir(), 'PWNED-by-pickle'))).toBe(false);
  });

  it('and so is any mutation of a good file, unless it can still be read', () => {
    const files = ['f02-legacy-fp32-lmhead.bin', 'f07-zip-views.bin', 'v02-vit-jax-deflate.npz'];
    for (const file of files) {
      const original = readFileSync(join(golden, file));
      const mutation = fc.tuple(fc.nat(Math.min(original.length, 5000) - 1), fc.nat(255));
      const cut = fc.oneof(fc.constant(original.length), fc.nat(original.length));
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), cut, (mutations, length) => {
          const bytes = Buffer.from(original.subarray(0, length));
          for (const [at, value] of mutations) if (at < length) bytes[at] = value;
          try {
            for (const array of readModelCheckpoint(bytesSource(bytes), file).arrays.values())
              if (elementsOf(array.shape) < 1e6) for (const _ of array.chunks());
          } catch (error) {
            expect(error).toBeInstanceOf(PermafrostError);
          }
        }),
        { numRuns: 300, seed: 1 },
      );
    }
  });
});

describe('an .npz file', () => {
  it('reads the same stored and deflated', () => {
    const [stored, deflated] = [open('v01-vit-jax.npz'), open('v02-vit-jax-deflate.npz')];
    expect(stored.format).toBe('npz');
    expect(contents(deflated.arrays)).toEqual(contents(stored.arrays));
    expect(stored.arrays.get('embedding/kernel')).toMatchObject({ dtype: 'F32', shape: [2, 2, 3, 8] });
  });
});

it('every good file of the golden folder is tested', () => {
  const files = readdirSync(golden).filter((file) => /^f\d+.*\.(bin|pt)$/.test(file));
  expect(index.good.map(({ file }: { file: string }) => file)).toEqual(files);
});
