/** Reads the wanted files of an archive, or of its unpacked folder, one at a time. Unpacks nothing to the disk. */
import { createReadStream, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { PermafrostError } from '#contract/errors';
import { countText } from '#contract/format';
import { readSmallFile, withFile } from '#disk/source';

export interface ArchivedFile {
  /** The path in the archive, with forward slashes and without a leading `./`. */
  path: string;
  bytes: Uint8Array;
}

export interface Selection {
  /** The largest allowed size in bytes of the file at a path; null skips the file. */
  most(path: string): number | null;
  /** The largest allowed total size in bytes of an archive's files, including skipped ones. */
  total: number;
  signal?: AbortSignal;
}

/** The files of `{folder}/{archive}` if it exists, otherwise those of the folder, sorted by path. */
export const archivedFiles = (folder: string, archive: string, selection: Selection): AsyncGenerator<ArchivedFile> =>
  existsSync(join(folder, archive)) ? tarFiles(join(folder, archive), selection) : folderFiles(folder, selection);

/** Files that operating systems add for themselves. */
const clutter = /(^|\/)(\._[^/]*|\.DS_Store|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
const mostOf = ({ most }: Selection, path: string): number | null => (clutter.test(path) ? null : most(path));

/** The wanted files of a tar archive, gzipped or not. Throws `data` if it is damaged, truncated or larger than expected. */
export async function* tarFiles(path: string, selection: Selection): AsyncGenerator<ArchivedFile> {
  const { extract } = await import('tar-stream'); // only this needs it
  const entries = extract();
  const { magic, size: packed } = withFile(path, (source) => ({
    magic: source.read(0, Math.min(2, source.size)),
    size: source.size,
  }));
  const isZipped = magic[0] === 0x1f && magic[1] === 0x8b;
  const source = createReadStream(path, { highWaterMark: 2 ** 20 });
  const { signal, total } = selection;
  const flow = isZipped
    ? pipeline(source, createGunzip({ chunkSize: 2 ** 20 }), entries, { signal })
    : pipeline(source, entries, { signal });
  flow.catch(() => {}); // an error destroys `entries`, so the loop below throws it
  const fail = (what: string, cause?: unknown) =>
    new PermafrostError('data', `${path}: ${what}. Remove the file and get it again.`, { cause });
  let [count, all] = [0, 0];
  try {
    for await (const entry of entries) {
      const { name, size = 0, type } = entry.header;
      if (!Number.isSafeInteger(size)) throw fail(`${name} has no size`); // the library would wait for such a file forever
      all += size;
      if (all > total) throw fail(`expected files of at most ${countText(total)} bytes in total; found more`);
      if (type === 'file') count++;
      const place = name.replace(/^(\.\/)+/, '');
      const most = type === 'file' ? mostOf(selection, place) : null;
      if (most === null) {
        entry.resume();
        continue;
      }
      if (size > most) throw fail(`${name} has ${size} bytes; expected at most ${most}`);
      const bytes = new Uint8Array(size);
      let filled = 0;
      for await (const part of entry) {
        bytes.set(part as Uint8Array, filled);
        filled += (part as Uint8Array).length;
      }
      if (filled !== size) throw fail(`${name} is truncated`);
      yield { path: place, bytes };
    }
    await flow;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PermafrostError) throw error;
    throw fail(`it is not a complete tar archive (${(error as Error).message})`, error);
  }
  if (count === 0) throw fail(`expected files in a tar archive of ${packed} bytes; found none`);
}

async function* folderFiles(folder: string, selection: Selection): AsyncGenerator<ArchivedFile> {
  for (const path of (await pathsUnder(folder)).sort()) {
    await breathe(); // because reading is synchronous
    selection.signal?.throwIfAborted();
    const most = mostOf(selection, path);
    if (most !== null) yield { path, bytes: readSmallFile(join(folder, path), most) };
  }
}

/** Paths of the files below a folder. Follows links, except to a folder that contains them. */
async function pathsUnder(folder: string): Promise<string[]> {
  const paths: string[] = [];
  await walk('', []);
  return paths;

  async function walk(inside: string, around: readonly string[]): Promise<void> {
    const place = realpathSync(join(folder, inside));
    if (around.includes(place)) return;
    await breathe();
    for (const name of readdirSync(place)) {
      const path = inside === '' ? name : `${inside}/${name}`;
      const stats = statSync(join(place, name), { throwIfNoEntry: false }); // undefined for a broken link
      if (stats?.isFile()) paths.push(path);
      if (stats?.isDirectory()) await walk(path, [...around, place]);
    }
  }
}
