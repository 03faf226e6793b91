/** Writes files that are complete or absent, even after a kill or a power cut. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { sha256 } from './hash.ts';
import { isRunning, thisProcess } from './processes.ts';
import { diskError } from './troubles.ts';

/** Replaces the file at `path`. If that fails, throws `disk` and leaves the old file intact. */
export function writeAtomically(path: string, chunks: Iterable<Uint8Array>, options?: WriteOptions): void {
  const fill = (file: number) => {
    for (const chunk of chunks) writeFully(file, chunk);
  };
  writeDraft(path, fill, options);
}

export interface WriteOptions {
  /** Waits until the file survives a power cut (default). Without it, call {@link syncFile} before anything depends on the file. */
  durable?: boolean;
}

/** Waits until the file at `path` and its name survive a power cut. Throws `disk`. */
export function syncFile(path: string): void {
  try {
    const file = openSync(path, 'r+'); // Windows flushes only files that are open for writing
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    syncFolder(dirname(path));
  } catch (error) {
    throw diskError(path, error);
  }
}

/**
 * Replaces the file at `path` by the bytes that `fill` writes to the open draft. Follows links, keeps the mode of an existing
 * file, and refuses anything but a regular file. Throws `disk`, or an error of `fill`.
 */
export function writeDraft(path: string, fill: (file: number) => void, { durable = true }: WriteOptions = {}): void {
  const { target, draft } = draftFor(path);
  try {
    const file = openDraft(draft, target);
    try {
      fill(file);
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target); // last, because a file that exists is complete
    if (durable) syncFolder(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw diskError(path, error);
  }
}

/** Like {@link writeAtomically}, for a stream. */
export async function writeStreamAtomically(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const { target, draft } = draftFor(path);
  try {
    const file = openDraft(draft, target);
    try {
      for await (const chunk of chunks) writeFully(file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
    syncFolder(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw diskError(path, error);
  }
}

/** The target of a write to `path`, and a draft of it. Deletes the drafts of killed writers. */
function draftFor(path: string): { target: string; draft: string } {
  const target = targetOf(path);
  sweepDrafts(dirname(target), `${basename(target)}.`);
  return { target, draft: draftOf(target) };
}

/** Follows the links of `path` to a file. Throws `disk` for anything but a regular file. */
function targetOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return path;
  if (found.isSymbolicLink()) {
    try {
      return targetOf(realpathSync(path));
    } catch (error) {
      if (error instanceof PermafrostError) throw error;
      return resolve(dirname(path), readlinkSync(path)); // a dangling link
    }
  }
  if (found.isFile()) return path;
  throw new PermafrostError('disk', `${path} should be a file, but it is ${kindOf(found)}. Choose another path.`);
}

const kindOf = (stats: Stats): string => {
  const kinds: [string, boolean][] = [
    ['a folder', stats.isDirectory()],
    ['a named pipe', stats.isFIFO()],
    ['a socket', stats.isSocket()],
  ];
  return kinds.find(([, is]) => is)?.[0] ?? 'a device';
};

function openDraft(draft: string, target: string): number {
  const file = openSync(draft, 'wx'); // `x` refuses existing files, such as a link that another user made
  const before = statSync(target, { throwIfNoEntry: false });
  if (before) fchmodSync(file, before.mode & 0o7777);
  return file;
}

/** Writes all bytes, although a single write() may be partial. */
export function writeFully(file: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, position === null ? null : position + done);
}

/** Makes a rename or a new file survive a power cut. Windows does not need this and cannot open folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a folder and its parents. Throws `disk`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw diskError(path, error);
  }
}

const numbersOf = ({ boot, namespace, host }: typeof thisProcess): string =>
  sha256(`${boot} ${namespace} ${host}`).slice(0, 8);
const here = numbersOf(thisProcess);
let drafts = 0;

/** Path of a new draft of `path`, in the same folder. Its name identifies this process. */
export const draftOf = (path: string): string =>
  `${path}.${here}-${process.pid}-${thisProcess.start || 0}-${drafts++}.draft`;

const draftName = /\.([0-9a-f]{8})-(\d+)-(\d+)-\d+\.draft$/;
/** Draft names of earlier versions. */
const oldDraftName = /\.\d+\.(tmp|draft)$/;
const abandonedAfter = 86_400_000; // ms; for drafts of other machines and of earlier versions

/**
 * Deletes the drafts of killed writers in a folder, or those whose names begin with `prefix`. Ignores a folder that cannot be
 * read or written.
 */
export function sweepDrafts(folder: string, prefix = ''): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    try {
      if (isAbandoned(folder, name)) rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // already swept, or not ours to delete
    }
  }
}

function isAbandoned(folder: string, name: string): boolean {
  const [, machine, pid, start] = draftName.exec(name) ?? [];
  if (machine === here) {
    if (Number(pid) === process.pid && start === (thisProcess.start || '0')) return false;
    return isRunning({ ...thisProcess, pid: Number(pid), start }) === false;
  }
  if (machine === undefined && !oldDraftName.test(name)) return false;
  return Date.now() - statSync(join(folder, basename(name))).mtimeMs > abandonedAfter;
}
