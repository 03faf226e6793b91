/**
 * The table of data sets, and what is done with each: found, pulled, verified, decoded, loaded, removed.
 * Files lie in `{home}/data/{name}`, whether the user put them there or a pull did; the decoded form in the cache.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DatasetInfo, FileCheck, PullProgress } from '#contract/data';
import { nearest, PermafrostError } from '#contract/errors';
import { hashFile } from '#disk/hash';
import { dropDeadLease, takeLease } from '#disk/lease';
import { processText } from '#disk/processes';
import { bytesUnder, isLink, isThere, type Owned, removeBelow } from '#disk/removable';
import { cifar10 } from './cifar10.ts';
import { cyp3a4 } from './cyp3a4.ts';
import { cyp3a4Graph } from './cyp3a4Graph.ts';
import {
  type DatasetRow,
  type DecodedRow,
  type DecodeOptions,
  isDirect,
  type LoadedDataset,
  otherForm,
  type RemoteFile,
} from './dataset.ts';
import { openDecoded, testCounts, writeDecoded } from './decoded.ts';
import { download, incomplete, isPassing, sweepLock } from './download.ts';
import { listops } from './listops.ts';
import { mnist } from './mnist.ts';
import { speechCommands } from './speechCommands.ts';

export const datasets: Readonly<Record<string, DatasetRow>> = Object.fromEntries(
  [mnist, cifar10, speechCommands, cyp3a4, cyp3a4Graph, listops].map((row) => [row.name, row]),
);

/** The row of that name. Throws `notFound` naming the nearest. */
export function datasetOf(name: string): DatasetRow {
  if (Object.hasOwn(datasets, name)) return datasets[name];
  const names = Object.keys(datasets);
  throw new PermafrostError(
    'notFound',
    `There is no data set "${name}". Did you mean ${nearest(name, names)}? Data sets: ${names.join(', ')}.`,
  );
}

/** Where a data set's files and its decoded form lie. */
export const placesOf = (home: string, { name }: DatasetRow) => ({
  folder: join(home, 'data', name),
  cache: join(home, 'cache', 'datasets', name),
});

export interface HomeOptions extends DecodeOptions {
  home: string;
}

/** Loads a data set by name. Throws as `loadRow`, and `notFound`. */
export const loadDataset = async (name: string, options: HomeOptions): Promise<LoadedDataset> =>
  loadRow(datasetOf(name), options);

/** Loads a data set, decoded first where that has not been done. Throws `data` naming file, expected, found and remedy. */
export async function loadRow(row: DatasetRow, { home, ...options }: HomeOptions): Promise<LoadedDataset> {
  const { folder, cache } = placesOf(home, row);
  if (isDirect(row)) return row.direct(folder);
  if (!isComplete(row, folder)) throw absent(row, folder);
  const source = fingerprint(row, folder);
  dropDeadLease(leaseOf(cache)); // of a decoding that was killed after it finished
  const found = openDecoded(cache, source) ?? (await decode(row, folder, cache, source, options));
  return { ...found, source: folder, notes: oddSizes(row, folder) };
}

const leaseOf = (cache: string): string => `${cache}.lease.json`;

/** Decodes a data set, or waits for another process that does, which may take minutes. */
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
        throw new PermafrostError('data', `${folder}: no sample is for ${split}. Get the files of ${row.name} again.`);
    return rows;
  });
  return openDecoded(cache, source)!;
}

const advice = (row: DatasetRow, folder: string): string => {
  const text = otherForm(row, folder);
  return text ? `${text} ` : '';
};

function absent(row: DatasetRow, folder: string): PermafrostError {
  const names = row.files.map(({ name }) => name).join(', ');
  return new PermafrostError(
    'data',
    `The data set ${row.name} is not on this machine: expected ${names} in ${folder}. ${advice(row, folder)}Run permafrost data pull ${row.name}, or put the files there.`,
  );
}

/** What the decoded form is of: names, sizes and times of the folder's entries, and the decoder's version. */
function fingerprint({ version }: DecodedRow, folder: string): string {
  const entries = existsSync(folder) ? readdirSync(folder).sort() : [];
  const visible = entries.filter((name) => !name.startsWith('.') && !isPassing(name)); // the system's own, and what was removed
  const marks = visible.flatMap((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false }); // none for a link to nothing
    return stats ? `${name}:${stats.isDirectory() ? 'folder' : stats.size}:${stats.mtimeMs}` : [];
  });
  return [`v${version}`, ...marks].join(' ');
}

/** Whether a folder has something of that path that is not an empty file. */
const here = (folder: string, name: string): boolean => {
  const stats = statSync(join(folder, name), { throwIfNoEntry: false });
  return stats !== undefined && (stats.isDirectory() || stats.size > 0);
};
const unpacked = (row: DatasetRow, folder: string): boolean => row.unpacked.some((path) => here(folder, path));
const isComplete = (row: DatasetRow, folder: string): boolean =>
  isDirect(row) ? row.isWhole(folder) : row.files.every(({ name }) => here(folder, name)) || unpacked(row, folder);

function stateOf(row: DatasetRow, home: string): DatasetInfo['state'] {
  const { folder, cache } = placesOf(home, row);
  if (isDirect(row)) {
    if (existsSync(folder) ? isComplete(row, folder) : row.bundled() !== null) return 'ready';
  } else if (isComplete(row, folder)) {
    const found = openDecoded(cache, fingerprint(row, folder));
    found?.close();
    return found ? 'ready' : 'present';
  }
  return row.files.some(({ name }) => here(folder, name)) ? 'partial' : 'absent';
}

/** Files of another size than the official ones: somebody should know. */
const oddSizes = (row: DatasetRow, folder: string): string[] =>
  row.files.flatMap(({ name, bytes }) => {
    if (bytes === undefined || !here(folder, name)) return [];
    const { size } = statSync(join(folder, name));
    return size === bytes
      ? []
      : [`${join(folder, name)} has ${size} bytes, the official file ${bytes}; it is used as it is.`];
  });

/** What is known about a data set without loading it. */
export function describeDataset(row: DatasetRow, home: string): Omit<DatasetInfo, 'tasks'> {
  const { folder, cache } = placesOf(home, row);
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
    return sum + (target?.isFile() ? target.size : 0); // a folder that is linked to may lie around this one
  }, 0);
}

/** How often each label occurs in the test set: counted in the data where they are decoded, else as published. */
export const labelCounts = (row: DatasetRow, home: string): readonly number[] | null =>
  testCounts(placesOf(home, row).cache) ?? row.testCounts;

export interface PullOptions extends Pick<HomeOptions, 'home' | 'signal' | 'node'> {
  /** Another folder that has the files; it is linked to. */
  from?: string;
  onProgress?(progress: PullProgress): void;
}

/** Downloads the files that are missing and decodes them. Throws `network`, `disk`, `data`. */
export async function pullDataset(
  row: DatasetRow,
  { home, from, onProgress, signal, node }: PullOptions,
): Promise<void> {
  const { folder } = placesOf(home, row);
  if (from !== undefined) linkFolder(row, folder, from);
  const needed = !isComplete(row, folder) && !(isDirect(row) && !existsSync(folder) && row.bundled() !== null);
  for (const file of needed ? row.files : []) {
    if (here(folder, file.name)) continue;
    await download({
      url: file.url,
      path: join(folder, file.name),
      ...(file.mayDiffer ? {} : { bytes: file.bytes, md5: file.md5, sha256: file.sha256 }),
      onProgress: (progress) => onProgress?.({ stage: 'download', file: file.name, ...progress }),
      signal,
    });
  }
  for (const { name } of row.files) await sweepLock(join(folder, name));
  const loaded = await loadRow(row, {
    home,
    signal,
    node,
    onProgress: (done, total, unit) => onProgress?.({ stage: 'decode', done, total, unit }),
  });
  loaded.close();
}

/**
 * Makes the data set's folder a link to the user's. Throws `data` when that lacks the files, `conflict` when ours has files.
 * Deletes nothing but a link or an empty folder.
 */
function linkFolder(row: DatasetRow, folder: string, from: string): void {
  const target = existsSync(from) ? realpathSync(from) : resolve(from); // a link to our link would lead nowhere
  if (!isComplete(row, target) || !existsSync(target)) {
    const names = row.files.map(({ name }) => name).join(', ');
    throw new PermafrostError(
      'data',
      `${target}: expected ${names || row.unpacked[0]}; they are not all there. ${advice(row, target)}`.trimEnd(),
    );
  }
  if (isLink(folder)) unlinkSync(folder);
  else if (isThere(folder)) removeEmpty(row, folder);
  mkdirSync(join(folder, '..'), { recursive: true });
  symlinkSync(target, folder, 'junction'); // a junction needs no rights on Windows; elsewhere the type is ignored
}

function removeEmpty(row: DatasetRow, folder: string): void {
  try {
    rmdirSync(folder);
  } catch (cause) {
    throw new PermafrostError(
      'conflict',
      `${folder} has files already. Run permafrost data rm ${row.name} first, or move them away.`,
      { cause },
    );
  }
}

/** Compares the files with their published sizes and digests. */
export async function verifyDataset(row: DatasetRow, home: string): Promise<FileCheck[]> {
  const { folder } = placesOf(home, row);
  if (isDirect(row) && !existsSync(folder) && row.bundled() !== null) {
    const { notes } = row.direct(folder); // checks every digest
    return row.files.map(({ name }) => ({
      name,
      result: notes.length ? 'differs' : 'ok',
      text: notes.join(' ') || `the official file, from ${row.bundled()}`,
    }));
  }
  return Promise.all(row.files.map((file) => verifyFile(file, folder)));
}

async function verifyFile({ name, bytes, md5, sha256 }: RemoteFile, folder: string): Promise<FileCheck> {
  const path = join(folder, name);
  if (!existsSync(path)) return { name, result: 'missing', text: `not in ${folder}` };
  const { size } = statSync(path);
  if (bytes !== undefined && size !== bytes)
    return { name, result: 'differs', text: `expected ${bytes} bytes; found ${size}` };
  const expected = sha256 ?? md5;
  if (!expected) return { name, result: 'unchecked', text: `${size} bytes; no digest is published` };
  const { hash: found } = await hashFile(path, sha256 ? 'sha256' : 'md5');
  return found === expected
    ? { name, result: 'ok', text: `${sha256 ? 'SHA-256' : 'MD5'} ${found}` }
    : { name, result: 'differs', text: `expected ${sha256 ? 'SHA-256' : 'MD5'} ${expected}; found ${found}` };
}

/** Forgets what an aborted pull left of the file that was on its way. */
export async function discardPartial(row: DatasetRow, home: string): Promise<void> {
  const { folder } = placesOf(home, row);
  for (const { name } of row.files) await removeBelow({ owner: folder, path: incomplete(join(folder, name)) });
  if (existsSync(folder) && !isLink(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/** Files that do not count: those of macOS, and the trash. */
const systems = /^\.DS_Store$|^\.permafrost-trash/;

/** What removing a data set takes away: what a pull brought and the decoded form, of a link the link. What stays is named. */
export function removablePlaces(row: DatasetRow, home: string): { places: Owned[]; bytes: number; kept: string[] } {
  const { folder, cache } = placesOf(home, row);
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
