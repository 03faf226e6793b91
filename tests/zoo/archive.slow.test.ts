import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { archivedFiles, tarFiles } from '#zoo/archive';
import { openBpe } from '#zoo/bpe';
import { smallTokenizer, tarGzOf, tarOf, writeFiles } from './archives.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-tar-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = { './a/one.txt': 'first', './two.bin': 'x'.repeat(700) };
const everything = { most: () => 1e6, total: 1e9 };
async function read(bytes: Uint8Array): Promise<Record<string, string>> {
  const path = join(folder, 'a.tar');
  writeFileSync(path, bytes);
  const found: Record<string, string> = {};
  for await (const { path: name, bytes: content } of tarFiles(path, everything))
    found[name] = Buffer.from(content).toString();
  return found;
}

it('files are read from an archive, gzipped or not, without folders', async () => {
  const expected = { 'a/one.txt': 'first', 'two.bin': 'x'.repeat(700) };
  expect(await read(await tarOf(files))).toEqual(expected);
  expect(await read(await tarGzOf(files))).toEqual(expected);
});

/** The archive with the size field of its first header replaced and the checksum updated. */
function withSize(tar: Buffer, field: Buffer, type = '0'): Buffer {
  const bytes = Buffer.from(tar);
  field.copy(bytes, 124);
  bytes.write(type, 156);
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((a, b) => a + b);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  return bytes;
}

it.each([
  ['no number', Buffer.from('zzzzzzzzzzz\0')],
  ['a number of no known form, for which the library waits for ever', Buffer.of(0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9)],
  ['a negative number', Buffer.alloc(12, 0xff)],
  ['more than any file has', Buffer.of(0x80, ...new Array(11).fill(0xff))],
])('a header whose size is %s is refused, whatever it is the header of', async (_, field) => {
  for (const type of ['0', '2', '5', 'x', 'g', 'L']) {
    const archive = withSize(await tarOf({ 'one.txt': 'first', 'two.txt': 'second' }), field, type);
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`type ${type} hangs`)), 5000).unref());
    await expect(Promise.race([read(archive), late])).rejects.toThrow(/a\.tar: .*Remove the file and get it again/);
  }
});

it('only wanted files are read, never those that systems add, and larger ones are refused', async () => {
  const path = join(folder, 'a.tar');
  const all = {
    'a/one.bin': 'x'.repeat(700),
    'a/._one.bin': 'x',
    '__MACOSX/a/one.bin': 'x',
    'a/.DS_Store': 'x',
    'b.txt': 'x',
  };
  writeFileSync(path, await tarOf(all));
  const found = async (most: number) => {
    const names: string[] = [];
    const selection = { most: (name: string) => (name.endsWith('.bin') ? most : null), total: 1e9 };
    for await (const file of tarFiles(path, selection)) names.push(file.path);
    return names;
  };
  expect(await found(700)).toEqual(['a/one.bin']);
  await expect(found(699)).rejects.toThrow(/a\/one\.bin has 700 bytes; expected at most 699/);
});

it('links in a folder are followed, but not in circles', async () => {
  const [inside, outside] = [join(folder, 'inside'), join(folder, 'outside')];
  writeFiles(outside, { 'b.bin': 'b', 'c/c.bin': 'c', 'c/._c.bin': 'x' });
  writeFiles(inside, { 'a.bin': 'a', 'deep/d.bin': 'd' });
  symlinkSync(outside, join(inside, 'linked'));
  symlinkSync(join(outside, 'b.bin'), join(inside, 'e.bin'));
  symlinkSync(inside, join(inside, 'deep', 'round'));
  symlinkSync(inside, join(outside, 'c', 'round'));
  symlinkSync(join(folder, 'nowhere'), join(inside, 'gone.bin'));
  const names: string[] = [];
  for await (const { path, bytes } of archivedFiles(inside, 'none.tar', everything))
    names.push(`${path} ${Buffer.from(bytes)}`);
  expect(names).toEqual(['a.bin a', 'deep/d.bin d', 'e.bin b', 'linked/b.bin b', 'linked/c/c.bin c']);
});

it('an archive that is a pipe, which may never end, is refused with its name', async () => {
  const path = join(folder, 'pipe.tar');
  execFileSync('mkfifo', [path]);
  await expect(tarFiles(path, everything).next()).rejects.toThrow(/pipe\.tar is not a regular file/);
});

it('reading an archive ends with its signal', async () => {
  const stop = new AbortController();
  const path = join(folder, 'a.tar');
  writeFileSync(path, await tarOf({ 'a.bin': 'a', 'b.bin': 'b' }));
  const files = tarFiles(path, { ...everything, signal: stop.signal });
  await files.next();
  stop.abort(new Error('enough'));
  await expect(files.next()).rejects.toThrow('enough');
});

it('2,000 damaged archives are refused or give files whose headers are whole', async () => {
  const tar = await tarOf(files);
  const gz = await tarGzOf(files);
  let [accepted, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      async (zipped, changes, part, whole) => {
        const bytes = Buffer.from(zipped ? gz : tar);
        for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
        const cut = bytes.subarray(0, whole ? bytes.length : Math.floor(part * bytes.length));
        let found: Record<string, string>;
        try {
          found = await read(cut);
        } catch (error) {
          if (!(error instanceof PermafrostError && error.code === 'data')) throw error;
          refused++;
          return;
        }
        accepted++;
        // a tar archive protects its headers, gzip everything
        for (const [name, content] of Object.entries(found)) {
          if (zipped) expect(content).toBe({ 'a/one.txt': 'first', 'two.bin': 'x'.repeat(700) }[name]);
          else expect(content.length).toBe({ 'a/one.txt': 5, 'two.bin': 700 }[name]);
        }
      },
    ),
    { numRuns: 2000, seed: 11 },
  );
  expect(Math.min(accepted, refused)).toBeGreaterThan(50);
}, 240_000);

it('2,000 damaged tokenizers are refused or give ids of their vocabulary', () => {
  const { 'vocab.json': vocabulary, 'merges.txt': merges } = smallTokenizer(['C C', 'c c', 'cc cc']) as Record<
    string,
    string
  >;
  const mutate = (text: string) =>
    fc
      .tuple(
        fc.array(fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...'"{}:,1 \nCc#')), { maxLength: 3 }),
        fc.boolean(),
        fc.nat(text.length),
      )
      .map(([changes, whole, length]) => {
        const characters = [...text];
        for (const [at, value] of changes) characters[at] = value;
        return characters.join('').slice(0, whole ? undefined : length);
      });
  let accepted = 0;
  fc.assert(
    fc.property(mutate(vocabulary), mutate(merges), (v, m) => {
      let encode: (text: string) => Int32Array;
      try {
        encode = openBpe(Buffer.from(v), Buffer.from(m), 'tokenizer');
      } catch (error) {
        if (error instanceof PermafrostError && error.code === 'data') return;
        throw error;
      }
      accepted++;
      const ids = new Set(Object.values(JSON.parse(v)));
      for (const id of encode('CCcccc(=O)')) expect(ids.has(id)).toBe(true);
    }),
    { numRuns: 2000, seed: 5 },
  );
  expect(accepted).toBeGreaterThan(20);
}, 120_000);
