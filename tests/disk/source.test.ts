/** Files that go away or change while they are read. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSmallFile, withFile, withOpenFile } from '#disk/source';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const place = () => join(folder, 'a.bin');

it('a file that was removed is an error with its name, and so is a folder', async () => {
  const gone = {
    code: 'disk',
    message: expect.stringMatching(/a\.bin could not be read: ENOENT.*Check the path/),
  };
  expect(() => withFile(place(), () => 0)).toThrow(expect.objectContaining(gone));
  await expect(withOpenFile(place(), async () => 0)).rejects.toMatchObject(gone);
  mkdirSync(place());
  expect(() => readSmallFile(place(), 10)).toThrow(/a\.bin is not a regular file/);
});

it('a file that is truncated while it is read is an error with its name', () => {
  writeFileSync(place(), 'x'.repeat(100));
  const read = () =>
    withFile(place(), (source) => {
      truncateSync(place(), 40);
      source.read(0, 100);
    });
  expect(read).toThrow(
    expect.objectContaining({
      code: 'disk',
      message: expect.stringMatching(/a\.bin had 100 bytes but now ends at 40/),
    }),
  );
});

it('a file that is larger than expected is refused without reading it', () => {
  writeFileSync(place(), 'x'.repeat(1001));
  expect(() => readSmallFile(place(), 1000)).toThrow(/a\.bin: expected at most 1,000 bytes; the file has 1,001/);
  expect(readSmallFile(place(), 1001)).toHaveLength(1001);
});
