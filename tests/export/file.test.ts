import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeChunks } from '#export/file';
import { canLimitFiles, withFileLimitDuring } from '../disk/fileLimit.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a failed write leaves no draft and keeps the old file', async () => {
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

it('repeating an export that was killed half-way removes its draft, and no other file', async () => {
  const path = join(folder, 'out.csv');
  const dying = `import { writeChunks } from '#export/file';
    await writeChunks(${JSON.stringify(path)}, (async function* () {
      yield 'half';
      await new Promise((resolve) => setTimeout(resolve, 50));
      process.kill(process.pid, 'SIGKILL');
    })());`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', dying]).signal).toBe('SIGKILL');
  expect(readdirSync(folder)).not.toEqual([]);
  writeFileSync(join(folder, 'mine.1.tmp'), '');
  utimesSync(join(folder, 'mine.1.tmp'), 1, 1);
  await writeChunks(path, ['whole']);
  expect(readdirSync(folder).sort()).toEqual(['mine.1.tmp', 'out.csv']);
  expect(readFileSync(path, 'utf8')).toBe('whole');
});

it.runIf(process.platform === 'linux')('a full device is a disk error, and is not replaced by a file', async () => {
  const device = join(folder, 'device');
  symlinkSync('/dev/full', device); // a link, so that a faulty write replaces it instead of the device
  await expect(writeChunks(device, ['x'])).rejects.toThrow(
    expect.objectContaining({ code: 'disk', message: expect.stringContaining('no space left') }),
  );
  expect(lstatSync(device).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder)).toEqual(['device']);
});

it('a file behind a symbolic link is written in place', async () => {
  const [path, link] = [join(folder, 'file.csv'), join(folder, 'link.csv')];
  writeFileSync(path, 'before');
  symlinkSync(path, link);
  await writeChunks(link, ['after']);
  expect(readFileSync(path, 'utf8')).toBe('after');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});

it.skipIf(!canLimitFiles)('a full disk is reported with advice', async () => {
  const work = () => writeChunks(join(folder, 'out.csv'), ['x'.repeat(1000)]);
  await expect(withFileLimitDuring(100, work)).rejects.toThrow(
    /out\.csv could not be written: .*EFBIG.* Raise the limit/,
  );
  expect(readdirSync(folder)).toEqual([]);
});
