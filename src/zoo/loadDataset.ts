/**
 * Loads a data set for training, and decodes it first if necessary. Its files are in `{home}/data/{name}`, put there by the
 * user or by a pull; the decoded form is in the cache.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { dropDeadLease, takeLease } from '#disk/lease';
import { processText } from '#disk/processes';
import {
  adviceOn,
  type DatasetRow,
  type DecodedRow,
  type DecodeOptions,
  isDirect,
  type LoadedDataset,
} from './dataset.ts';
import { datasetPlaces, isComplete, oddSizes } from './datasetFiles.ts';
import { datasetOf } from './datasets.ts';
import { openDecoded, writeDecoded } from './decoded.ts';
import { isPassing } from './download.ts';

export interface HomeOptions extends DecodeOptions {
  home: string;
}

/** Loads a data set by name. Throws like `loadRow`, and `notFound`. */
export const loadDataset = async (name: string, options: HomeOptions): Promise<LoadedDataset> =>
  loadRow(datasetOf(name), options);

/** Loads a data set, and decodes it first if necessary. Throws `data` with file, expected, found and remedy. */
export async function loadRow(row: DatasetRow, { home, ...options }: HomeOptions): Promise<LoadedDataset> {
  const { folder, cache } = datasetPlaces(home, row);
  if (isDirect(row)) return row.direct(folder);
  if (!isComplete(row, folder)) throw absent(row, folder);
  const source = fingerprint(row, folder);
  dropDeadLease(leaseOf(cache)); // left by a process that was killed right after it had decoded the data
  const found = openDecoded(cache, source) ?? (await decode(row, folder, cache, source, options));
  return { ...found, source: folder, notes: oddSizes(row, folder) };
}

const leaseOf = (cache: string): string => `${cache}.lease.json`;

/** Decodes a data set, or waits for another process that is decoding it. Both may take minutes. */
async function decode(row: DecodedRow, folder: string, cache: string, source: string, options: DecodeOptions) {
  const lease = await takeLease(leaseOf(cache), {
    what: `The decoding of ${row.name}`,
    onWait: ({ process }) => options.onWait?.(processText(process)),
    signal: options.signal,
  });
  try {
    return openDecoded(cache, source) ?? (await decodeHere(row, folder, cache, source, options));
  } finally {
    lease.release();
  }
}

async function decodeHere(row: DecodedRow, folder: string, cache: string, source: string, options: DecodeOptions) {
  await writeDecoded(cache, source, row.layout, async (writer) => {
    const rows = await row.decode(folder, writer, options);
    for (const split of ['train', 'test'] as const)
      if (rows[split].length === 0)
        throw new PermafrostError(
          'data',
          `${folder}: the split ${split} has no samples. Get the files of ${row.name} again.`,
        );
    return rows;
  });
  return openDecoded(cache, source)!;
}

function absent(row: DatasetRow, folder: string): PermafrostError {
  const names = row.files.map(({ name }) => name).join(', ');
  const advice = adviceOn(row, folder);
  return new PermafrostError(
    'data',
    `The data set ${row.name} is not on this machine: expected ${names} in ${folder}. ${advice ? `${advice} ` : ''}Run permafrost data pull ${row.name}, or put the files there.`,
  );
}

/** A text that changes whenever the files of a data set or its decoder do: names, sizes and times of the files, and the decoder's version. */
export function fingerprint({ version }: DecodedRow, folder: string): string {
  const entries = existsSync(folder) ? readdirSync(folder).sort() : [];
  const visible = entries.filter((name) => !name.startsWith('.') && !isPassing(name)); // leaves out hidden files and trash
  const marks = visible.flatMap((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false }); // undefined for a broken link
    return stats ? `${name}:${stats.isDirectory() ? 'folder' : stats.size}:${stats.mtimeMs}` : [];
  });
  return [`v${version}`, ...marks].join(' ');
}
