/** Fetches, unpacks and removes the CUDA libraries of a home. */
import { createReadStream, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInflateRaw } from 'node:zlib';
import type { CudaProgress } from '#contract/devices';
import { PermafrostError } from '#contract/errors';
import { bytesText } from '#contract/format';
import { writeStreamAtomically } from '#disk/atomicFile';
import { takeLease } from '#disk/lease';
import { bytesUnder, isThere, removeBelow } from '#disk/removable';
import { withFile } from '#disk/source';
import { diskError, isFullDisk } from '#disk/troubles';
import { entryPlace, readZip } from '#formats/zip';
import { download, freeBytesOf, incomplete } from '#zoo/download';
import type { Patience } from '#zoo/request';
import {
  type CudaPackage,
  cudaFolder,
  cudaFolders,
  cudaPackages,
  cudaVersion,
  hasLibraries,
  installedRuntime,
  libraryPath,
  runtimeLibrary,
} from './cudaLibraries.ts';

export interface InstallOptions {
  packages?: readonly CudaPackage[];
  /** Aborting it keeps what has arrived. */
  signal?: AbortSignal;
  onProgress?(progress: CudaProgress): void;
  patience?: Patience;
  /** Free bytes of a folder's disk. */
  freeBytes?(folder: string): Promise<number>;
}

/** Fetches what is missing and unpacks it, one package after the other. Throws `network`, `disk`, `conflict`, `weights`. */
export const installCuda = (home: string, options: InstallOptions = {}): Promise<void> =>
  alone(home, options.signal, () => fetchMissing(home, options));

/** Deletes the libraries of all versions, and says how many bytes that frees. Throws `conflict` during an installation. */
export const removeCuda = (home: string): Promise<number> =>
  alone(home, undefined, async () => {
    const path = cudaFolders(home);
    const bytes = isThere(path) ? bytesUnder(path) : 0;
    await removeBelow({ owner: home, path });
    return bytes;
  });

/** Works on the folder of the libraries while no other process does. */
async function alone<T>(home: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const folder = cudaFolders(home);
  const lease = await takeLease(`${folder}.lease`, { what: `The folder ${folder}`, signal });
  try {
    return await work();
  } finally {
    lease.release();
  }
}

async function fetchMissing(home: string, options: InstallOptions): Promise<void> {
  const { packages = cudaPackages, freeBytes = freeBytesOf } = options;
  const folder = cudaFolder(home);
  await mkdir(folder, { recursive: true }).catch((error) => Promise.reject(diskError(folder, error)));
  const [needed, free] = [bytesNeeded(folder, packages), await freeBytes(folder)];
  if (free < needed) throw fullDisk(`The CUDA libraries need ${bytesText(needed)}`, folder, free);
  try {
    for (const each of packages) if (!hasLibraries(folder, each)) await installPackage(folder, each, options);
    await writeStreamAtomically(join(folder, runtimeLibrary), createReadStream(installedRuntime())); // last: with it they are used
  } catch (error) {
    if (!isFullDisk(error)) throw error;
    const more = `The disk became full. The CUDA libraries need another ${bytesText(bytesNeeded(folder, packages))}`;
    throw fullDisk(more, folder, await freeBytesOf(folder), error);
  }
  for (const other of await readdir(cudaFolders(home)))
    if (other !== cudaVersion) await removeBelow({ owner: cudaFolders(home), path: join(cudaFolders(home), other) });
}

/** Fetches and unpacks a package. If that fails, the next call continues with the bytes that have arrived. */
async function installPackage(folder: string, each: CudaPackage, options: InstallOptions): Promise<void> {
  const { name, url, bytes, sha256 } = each;
  const { signal, onProgress, patience, freeBytes } = options;
  const path = archivePath(folder, each);
  if (isThere(path)) await rename(path, incomplete(path)); // its unpacking failed: the download only verifies it
  await download({
    ...{ url, path, bytes, sha256, signal, patience, freeBytes },
    onProgress: (progress) => onProgress?.({ stage: 'fetching', name, ...progress }),
  });
  await unpack(each, path, folder, options);
  await rm(path);
}

const archivePath = (folder: string, { name }: CudaPackage): string => join(folder, `${name}.zip`);

async function unpack(
  { name, libraries, unpacked }: CudaPackage,
  archive: string,
  folder: string,
  { signal, onProgress }: InstallOptions,
): Promise<void> {
  let written = 0;
  for (const library of libraries) {
    const { offset, length, deflated } = placeOf(archive, library);
    const packed = createReadStream(archive, {
      start: offset,
      end: offset + length - 1,
      highWaterMark: 2 ** 20,
      signal,
    });
    const bytes = deflated ? packed.pipe(createInflateRaw({ chunkSize: 2 ** 20 })) : packed;
    packed.on('error', (error) => bytes.destroy(error));
    async function* counted() {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        yield chunk;
        written += chunk.length;
        onProgress?.({
          stage: 'unpacking',
          name,
          bytes: written,
          total: unpacked,
          bytesPerSecond: null,
          secondsLeft: null,
        });
      }
    }
    await writeStreamAtomically(libraryPath(folder, library), counted());
  }
}

/** The position of a file in the archive. Throws `weights`. */
const placeOf = (archive: string, name: string) =>
  withFile(archive, (source) => {
    const entry = readZip(source).get(name);
    if (!entry) throw new PermafrostError('weights', `internal: ${archive} has no ${name}`);
    return { ...entryPlace(source, entry), deflated: entry.deflated };
  });

/**
 * Bytes that the rest of the installation takes. An archive is deleted when its libraries are unpacked, so the largest one needs
 * space in addition to all libraries.
 */
function bytesNeeded(folder: string, packages: readonly CudaPackage[]): number {
  const missing = packages.filter((each) => !hasLibraries(folder, each));
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const unpacked = missing.map(({ libraries, unpacked }) =>
    libraries.reduce((rest, library) => rest - sizeOf(libraryPath(folder, library)), unpacked),
  );
  const archives = missing.map((each) => {
    const path = archivePath(folder, each);
    return each.bytes - sizeOf(path) - sizeOf(incomplete(path));
  });
  return unpacked.reduce((a, b) => a + b, 0) + Math.max(0, ...archives) + sizeOf(installedRuntime());
}

const fullDisk = (needs: string, folder: string, free: number, cause?: unknown): PermafrostError =>
  new PermafrostError(
    'disk',
    `${needs} in ${folder}, but the disk has ${bytesText(free)} free. ${cause ? 'What has arrived is kept. Free some space and run permafrost gpu install again' : 'Free some space'}, or set PERMAFROST_HOME to a folder on another disk.`,
    { cause },
  );
