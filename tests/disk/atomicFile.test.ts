import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { draftOf, sweepDrafts, writeAtomically, writeStreamAtomically } from '#disk/atomicFile';
import { canLimitFiles, withFileLimit } from './fileLimit.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-atomic-'));
  path = join(folder, 'file.txt');
});
afterEach(() => rmSync(folder, { recursive: true }));

const text = (content: string) => [Buffer.from(content)];
async function* streamed(content: string) {
  yield content;
}
const writers: [string, (path: string, content: string) => void | Promise<void>][] = [
  ['at once', (at, content) => writeAtomically(at, text(content))],
  ['as a stream', (at, content) => writeStreamAtomically(at, streamed(content))],
];

describe.each(writers)('a file written %s', (_, write) => {
  it('replaces the one before and leaves no draft', async () => {
    await write(path, 'one');
    await write(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['file.txt']);
  });

  it('keeps the mode of the one before', async () => {
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    await write(path, 'new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('replaces the target of a link and keeps the link', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    for (const target of ['elsewhere/there.txt', 'elsewhere/not-yet.txt']) {
      rmSync(path, { force: true });
      if (!target.includes('not-yet')) writeFileSync(join(folder, target), 'old');
      symlinkSync(target, path);
      await write(path, 'new');
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(folder, target), 'utf8')).toBe('new');
    }
  });

  it('never replaces a folder, a named pipe or a device', async () => {
    mkdirSync(path);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [at, kind] of [
      [path, 'a folder'],
      [pipe, 'a named pipe'],
      ['/dev/full', 'a device'],
    ])
      await expect((async () => write(at, 'new'))()).rejects.toThrow(`${at} should be a file, but it is ${kind}.`);
  });
});

it.skipIf(!canLimitFiles)('a failed write leaves the old file but no draft, and says what to do', () => {
  writeAtomically(path, text('before'));
  expect(() => withFileLimit(3, () => writeAtomically(path, text('after')))).toThrow(
    /file\.txt could not be written: .*EFBIG.*The file is larger than this system allows\. Raise the limit \(ulimit -f\)\./,
  );
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['file.txt']);
});

describe('drafts', () => {
  it('of a killed writer are deleted, even folders; those of this process stay', () => {
    const dead = execFileSync(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { draftOf } from '#disk/atomicFile';
       process.stdout.write(draftOf(${JSON.stringify(path)}));`,
    ]).toString();
    mkdirSync(dead);
    writeFileSync(join(dead, 'inside'), '');
    const mine = draftOf(path);
    writeFileSync(mine, '');
    sweepDrafts(folder);
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(mine)).toBe(true);
  });

  it('of another machine, or of an earlier version, are deleted a day later', () => {
    const names = ['a.00000000-7-1-0.draft', 'b.4242.tmp', 'c.4242.draft'];
    for (const name of [...names, 'd.tmp', 'e.draft', 'f']) writeFileSync(join(folder, name), '');
    sweepDrafts(folder);
    expect(readdirSync(folder)).toHaveLength(6);
    const longAgo = Date.now() / 1000 - 2 * 86_400;
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), longAgo, longAgo);
    sweepDrafts(folder);
    expect(readdirSync(folder)).toEqual(['d.tmp', 'e.draft', 'f']);
  });
});
