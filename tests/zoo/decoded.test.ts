import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowRange } from '#zoo/dataset';
import { openDecoded, testCounts, writeDecoded } from '#zoo/decoded';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-decoded-'));
});
afterEach(() => rmSync(home, { recursive: true }));
const folder = () => join(home, 'set');
const clip = (i: number) => new Float32Array(1000).fill(i);

/** 5,000 clips, more than one chunk of the writer. */
const write = () =>
  writeDecoded(folder(), 'these files', { type: 'f32', width: 1000 }, async (writer) => {
    for (let i = 0; i < 5000; i++) writer.add(clip(i), i % 3);
    return { train: rowRange(0, 4990), test: [4999, 4990] };
  });

describe.each([
  ['in memory', undefined],
  ['on the disk', 0],
])('a decoded set %s', (_, memory) => {
  it('returns the samples that were written, split by split', async () => {
    await write();
    const { dataset, close } = openDecoded(folder(), 'these files', memory)!;
    expect([dataset.train.count, dataset.test.count]).toEqual([4990, 2]);
    for (const i of [0, 1048, 1049, 4989]) expect(dataset.train.sample(i)).toEqual(clip(i));
    expect(dataset.test.sample(0)).toEqual(clip(4999));
    expect(Array.from(dataset.test.labels)).toEqual([4999 % 3, 4990 % 3]);
    close();
  });
});

it('samples of different lengths keep them, and their texts', async () => {
  const words = ['a', 'longer', ''];
  await writeDecoded(folder(), 'x', { type: 'u8', width: null }, async (writer) => {
    for (const word of words) writer.add(Buffer.from(word), word.length, word);
    return { train: [2, 0], test: [1] };
  });
  const { dataset } = openDecoded(folder(), 'x')!;
  expect(Buffer.from(dataset.test.sample(0) as Uint8Array).toString()).toBe('longer');
  expect([dataset.train.sample(0).length, dataset.train.sample(1).length]).toEqual([0, 1]);
  expect([dataset.train.text!(0), dataset.train.text!(1), dataset.test.text!(0)]).toEqual(['', 'a', 'longer']);
});

it('is absent if it was made from other files, was truncated, or failed to complete', async () => {
  await write();
  expect(openDecoded(folder(), 'other files')).toBeNull();
  truncateSync(join(folder(), 'values.bin'), 1000);
  expect(openDecoded(folder(), 'these files')).toBeNull();
  const fails = writeDecoded(join(home, 'failed'), 'x', { type: 'u8', width: 1 }, async (writer) => {
    writer.add(Uint8Array.of(1), 0);
    throw new Error('half way');
  });
  await expect(fails).rejects.toThrow('half way');
  expect(readdirSync(home)).toEqual(['set']);
});

it('labels of the test set are counted without reading its values', async () => {
  await write();
  expect(testCounts(folder())).toEqual([0, 2]);
  expect(testCounts(join(home, 'none'))).toBeNull();
});

it('a file that is truncated while a run reads it is named', async () => {
  await write();
  const { dataset, close } = openDecoded(folder(), 'these files', 0)!;
  truncateSync(join(folder(), 'values.bin'), 1000);
  expect(() => dataset.train.sample(1)).toThrow(/Sample 1 of the decoded data ends after 0 of 4000 bytes/);
  close();
});

it('a killed decoding leaves no draft after the next one', async () => {
  const dying = `import { writeDecoded } from '#zoo/decoded';
    await writeDecoded(${JSON.stringify(folder())}, 'x', { type: 'u8', width: 1 }, async () => ({ train: [], test: [] }));`;
  const args = ['--import', './tests/reliability/killer.ts', '--input-type=module', '-e', dying];
  const env = { ...process.env, KILL_ON: 'before renameSync' };
  expect(spawnSync(process.execPath, args, { env }).signal).toBe('SIGKILL');
  expect(readdirSync(home)).toHaveLength(1);
  await writeDecoded(folder(), 'x', { type: 'u8', width: 1 }, async () => ({ train: [], test: [] }));
  expect(readdirSync(home)).toEqual(['set']);
});
