/** Describes a data set without loading it. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetInfo } from '#contract/data';
import { isLink } from '#disk/removable';
import { type DatasetRow, isDirect } from './dataset.ts';
import { datasetPlaces, hasFile, isComplete, oddSizes } from './datasetFiles.ts';
import { openDecoded, testCounts } from './decoded.ts';
import { fingerprint } from './loadDataset.ts';

/** The description, state and disk size of a data set. */
export function describeDataset(row: DatasetRow, home: string): Omit<DatasetInfo, 'tasks'> {
  const { folder, cache } = datasetPlaces(home, row);
  const sizes = row.files.map(({ bytes }) => bytes ?? null);
  const bundled = isDirect(row) && !existsSync(folder) ? row.bundled() : null;
  return {
    name: row.name,
    title: row.title,
    licence: row.licence,
    page: row.page,
    state: stateOf(row, home),
    downloadBytes: sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    diskBytes: sizeOf(bundled ?? folder) + sizeOf(cache),
    folder: bundled ?? (isLink(folder) && existsSync(folder) ? realpathSync(folder) : folder),
    place: bundled ? 'bundled' : isLink(folder) ? 'linked' : 'home',
    notes: oddSizes(row, folder),
    files: row.files.map(({ name, url, bytes }) => ({ name, url, bytes: bytes ?? null })),
  };
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const inside = join(path, entry.name);
    if (!entry.isSymbolicLink()) return sum + sizeOf(inside);
    const target = statSync(inside, { throwIfNoEntry: false });
    return sum + (target?.isFile() ? target.size : 0); // not of a linked folder, which may contain this one
  }, 0);
}

/** How often each label occurs in the test set: counted in the decoded data if they exist, otherwise the published counts. */
export const labelCounts = (row: DatasetRow, home: string): readonly number[] | null =>
  testCounts(datasetPlaces(home, row).cache) ?? row.testCounts;

function stateOf(row: DatasetRow, home: string): DatasetInfo['state'] {
  const { folder, cache } = datasetPlaces(home, row);
  if (isDirect(row)) {
    if (existsSync(folder) ? isComplete(row, folder) : row.bundled() !== null) return 'ready';
  } else if (isComplete(row, folder)) {
    const found = openDecoded(cache, fingerprint(row, folder));
    found?.close();
    return found ? 'ready' : 'present';
  }
  return row.files.some(({ name }) => hasFile(folder, name)) ? 'partial' : 'absent';
}
