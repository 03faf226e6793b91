/** The files of a data set on this disk: their places, which of them exist, and which of them a removal deletes. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesUnder, isLink, isThere, type Owned } from '#disk/removable';
import { type DatasetRow, isDirect } from './dataset.ts';
import { incomplete } from './download.ts';

/** The folders of a data set's files and of its decoded form. */
export const datasetPlaces = (home: string, { name }: DatasetRow) => ({
  folder: join(home, 'data', name),
  cache: join(home, 'cache', 'datasets', name),
});

/** Whether a folder has a folder or a non-empty file at that path. */
export const hasFile = (folder: string, name: string): boolean => {
  const stats = statSync(join(folder, name), { throwIfNoEntry: false });
  return stats !== undefined && (stats.isDirectory() || stats.size > 0);
};
const unpacked = (row: DatasetRow, folder: string): boolean => row.unpacked.some((path) => hasFile(folder, path));
/** Whether the folder has every file, packed or unpacked. */
export const isComplete = (row: DatasetRow, folder: string): boolean =>
  isDirect(row) ? row.isWhole(folder) : row.files.every(({ name }) => hasFile(folder, name)) || unpacked(row, folder);

/** A note for each file whose size differs from the official one. */
export const oddSizes = (row: DatasetRow, folder: string): string[] =>
  row.files.flatMap(({ name, bytes }) => {
    if (bytes === undefined || !hasFile(folder, name)) return [];
    const { size } = statSync(join(folder, name));
    return size === bytes
      ? []
      : [`${join(folder, name)} has ${size} bytes, but the official file has ${bytes}. It is used as it is.`];
  });

/** Files that are not part of a data set: those of macOS, and the trash. */
const systems = /^\.DS_Store$|^\.permafrost-trash/;

/** The files that removing a data set deletes: those of a pull, the decoded form, and a link but not its target. `kept` lists those that stay. */
export function removablePlaces(row: DatasetRow, home: string): { places: Owned[]; bytes: number; kept: string[] } {
  const { folder, cache } = datasetPlaces(home, row);
  const whole: Owned = { owner: dirname(folder), path: folder };
  const decoded: Owned[] = existsSync(cache) ? [{ owner: dirname(cache), path: cache }] : [];
  const found = isLink(folder) || !existsSync(folder) ? [] : readdirSync(folder).filter((name) => !systems.test(name));
  const brought = row.files.flatMap(({ name }) => [name, incomplete(name)]);
  const kept = found.filter((name) => !brought.includes(name)).map((name) => join(folder, name));
  const own = found
    .filter((name) => brought.includes(name))
    .map((name) => ({ owner: folder, path: join(folder, name) }));
  const places = [...(kept.length > 0 ? own : isThere(folder) ? [whole] : []), ...decoded];
  return { places, bytes: places.reduce((sum, { path }) => sum + bytesUnder(path), 0), kept };
}
