/** The data set CIFAR-10 in its binary version: the official archive, or its unpacked folder. */
import { basename } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { readCifar } from '#formats/cifar';
import { bytesSource } from '#formats/source';
import { archivedFiles } from './archive.ts';
import { adviceOn, type DecodedRow, rowRange } from './dataset.ts';

const archive = 'cifar-10-binary.tar.gz';
const trainFiles = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const testFile = 'test_batch.bin';
const batchFiles = [...trainFiles, testFile];
const batchBytes = 10_000 * 3_073;

export const cifar10Dataset: DecodedRow = {
  name: 'cifar10',
  title: 'CIFAR-10',
  licence: 'None stated; cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009',
  page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
  files: [
    {
      name: archive,
      url: `https://www.cs.toronto.edu/~kriz/${archive}`,
      bytes: 170_052_171,
      md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    },
  ],
  unpacked: [testFile, `cifar-10-batches-bin/${testFile}`],
  otherForm: {
    paths: [
      'cifar-10-python.tar.gz',
      ...['', 'cifar-10-batches-py/'].flatMap((at) => [`${at}batches.meta`, `${at}data_batch_1`]),
    ],
    advice: `The folder has the version for Python, which cannot be read. Get the binary version, ${archive}.`,
  },
  testCounts: new Array(10).fill(1000),
  layout: { type: 'u8', width: 3072 },
  version: 1,

  async decode(folder, writer, { onProgress, signal }) {
    const counts = new Map<string, number>();
    const batches = new Map<string, ReturnType<typeof readCifar>>(); // takes 180 MB, but allows to add samples in the order of the files' names
    const most = (path: string) => (batchFiles.includes(basename(path)) ? batchBytes : null);
    for await (const { path, bytes } of archivedFiles(folder, archive, { most, total: 2 ** 30, signal })) {
      signal?.throwIfAborted();
      batches.set(basename(path), readCifar(bytesSource(bytes), path));
      onProgress?.(batches.size, 6, 'files');
    }
    for (const name of batchFiles) {
      const batch = batches.get(name);
      if (!batch)
        throw new PermafrostError(
          'data',
          `${folder}: expected ${batchFiles.join(', ')}; ${name} is missing. ${adviceOn(cifar10Dataset, folder) ?? 'Get the archive again.'}`,
        );
      counts.set(name, batch.labels.length);
      batch.labels.forEach((label, i) => {
        writer.add(batch.images.subarray(3072 * i, 3072 * (i + 1)), label);
      });
    }
    const test = counts.get(testFile)!;
    const train = [...counts.values()].reduce((a, b) => a + b, 0) - test;
    return { train: rowRange(0, train), test: rowRange(train, train + test) };
  },
};
