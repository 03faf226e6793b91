import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { tarFiles } from '#zoo/archive';
import { openBpe } from '#zoo/bpe';
import { smallTokenizer, tarGzOf, tarOf } from './archives.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-tar-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = { './a/one.txt': 'first', './two.bin': 'x'.repeat(700) };
async function read(bytes: Uint8Array): Promise<Record<string, string>> {
  const path = join(folder, 'a.tar');
  writeFileSync(path, bytes);
  const found: Record<string, string> = {};
  for await (const { path: name, bytes: content } of tarFiles(path)) found[name] = Buffer.from(content).toString();
  return found;
}

it('files come out of an archive, zipped or not, folders left out', async () => {
  const expected = { 'a/one.txt': 'first', 'two.bin': 'x'.repeat(700) };
  expect(await read(await tarOf(files))).toEqual(expected);
  expect(await read(await tarGzOf(files))).toEqual(expected);
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
        encode = openBpe(v, m, 'tokenizer');
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
