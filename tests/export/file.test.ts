import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeChunks } from '#export/file';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a file that cannot be finished leaves nothing behind, and what was there before as it was', async () => {
  function* broken(): Generator<string> {
    yield 'x'.repeat(100_000);
    throw new Error('the source broke');
  }
  const path = join(folder, 'out.csv');
  await writeChunks(path, ['before']);
  await expect(writeChunks(path, broken())).rejects.toThrow('the source broke');
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['out.csv']);
  await expect(writeChunks(join(folder, 'missing/out.csv'), ['x'])).rejects.toThrow(/could not be written/);
  expect(existsSync(join(folder, 'missing'))).toBe(false);
});

it.runIf(process.platform === 'linux')('a full device is an error of the disk, and stays a device', async () => {
  const device = join(folder, 'device');
  symlinkSync('/dev/full', device); // a link, since what replaces a device would replace this
  await expect(writeChunks(device, ['x'])).rejects.toThrow(
    expect.objectContaining({ code: 'disk', message: expect.stringContaining('no space left') }),
  );
  expect(lstatSync(device).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder)).toEqual(['device']);
});

it('a file that is reached through a link is written where it lies', async () => {
  const [path, link] = [join(folder, 'file.csv'), join(folder, 'link.csv')];
  writeFileSync(path, 'before');
  symlinkSync(path, link);
  await writeChunks(link, ['after']);
  expect(readFileSync(path, 'utf8')).toBe('after');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});
