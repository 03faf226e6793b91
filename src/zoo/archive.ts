/** The files of an archive or of the folder that it unpacks to, streamed one after the other; nothing is unpacked to the disk. */
import { createReadStream, existsSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PermafrostError } from '#contract/errors';

export interface ArchivedFile {
  /** With forward slashes, without a leading `./`. */
  path: string;
  bytes: Uint8Array;
}

/** The files of `{folder}/{archive}` where that exists, else those that lie in the folder, in the order of their paths. */
export const archivedFiles = (folder: string, archive: string): AsyncGenerator<ArchivedFile> =>
  existsSync(join(folder, archive)) ? tarFiles(join(folder, archive)) : folderFiles(folder);

/** The files of a tar archive, gzipped or not. Throws `data` when it is damaged or cut off. */
export async function* tarFiles(path: string): AsyncGenerator<ArchivedFile> {
  const { extract } = await import('tar-stream'); // only this needs it
  const entries = extract();
  const file = await open(path);
  const { buffer: magic } = await file.read(new Uint8Array(2), 0, 2, 0);
  const { size } = await file.stat();
  await file.close();
  const zipped = magic[0] === 0x1f && magic[1] === 0x8b;
  const source = createReadStream(path, { highWaterMark: 2 ** 20 });
  const flow = zipped ? pipeline(source, createGunzip({ chunkSize: 2 ** 20 }), entries) : pipeline(source, entries);
  flow.catch(() => {}); // it destroys `entries` with its error, which the loop below meets
  const fail = (what: string, cause?: unknown) =>
    new PermafrostError('data', `${path}: ${what}. Remove the file and get it again.`, { cause });
  let count = 0;
  try {
    for await (const entry of entries) {
      const parts: Uint8Array[] = [];
      for await (const part of entry) parts.push(part as Uint8Array);
      const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
      if (entry.header.type !== 'file') continue;
      if (bytes.length !== entry.header.size) throw fail(`${entry.header.name} is cut off`);
      count++;
      yield { path: entry.header.name.replace(/^(\.\/)+/, ''), bytes };
    }
    await flow;
  } catch (error) {
    if (error instanceof PermafrostError) throw error;
    throw fail(`not a whole tar archive (${(error as Error).message})`, error);
  }
  if (count === 0) throw fail(`expected files in a tar archive of ${size} bytes; found none`);
}

async function* folderFiles(folder: string): AsyncGenerator<ArchivedFile> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort())
    yield { path: relative(folder, path).split(sep).join('/'), bytes: await readFile(path) };
}
