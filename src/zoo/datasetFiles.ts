/** The files of a data set on this disk: where they lie, which are there, which a removal takes. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesUnder, isLink, isThere, type Owned } from '#disk/removable';
import { type DatasetRow, isDirect } from './dataset.ts';
import { incomplete } from './download.ts';

/** Where a data set's files and its decoded form lie. */
export const datasetPlaces = (home: string, { name }: DatasetRow) => ({
  folder: join(home, 'data', name),
  cache: join(home, 'cache', 'datasets', name),
});

/** Whether a folder has something of that path that is not an empty file. */
export const hasFile = (folder: string, name: string): boolean => {
  const stats = statSync(join(folder, name), { throwIfNoEntry: false });
  return stats !== undefined && (stats.isDirectory() || stats.size > 0);
};
const unpacked = (row: DatasetRow, folder: string): boolean => row.unpacked.some((path) => hasFile(folder, path));
/** Whether the folder has every file, packed or unpacked. */
export const isComplete = (row: DatasetRow, folder: string): boolean =>
  isDirect(row) ? row.isWhole(folder) : row.files.every(({ name }) => hasFile(folder, name)) || unpacked(row, folder);

/** Files of another size than the official ones. */
export const oddSizes = (row: DatasetRow, folder: string): string[] =>
  row.files.flatMap(({ name, bytes }) => {
    if (bytes === undefined || !hasFile(folder, name)) return [];
    const { size } = statSync(join(folder, name));
    return size === bytes
      ? []
      : [`${join(folder, name)} has ${size} bytes, the official file ${bytes}; it is used as it is.`];
  });

/** Files that do not count: those of macOS, and the trash. */
const systems = /^\.DS_Store$|^\.permafrost-trash/;

/** What removing a data set takes away: what a pull brought and the decoded form, of a link the link. What stays is named. */
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
