/** Files on the disk: written whole or not at all, read piece by piece, and errors that say what to do about the disk. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { isAlive } from '#zoo/process';

const temporary = (path: string): string => `${path}.${process.pid}.tmp`;

/**
 * Replaces the file at `path`.
 * Throws `disk`, leaving what was at `path` as it was, when any byte cannot be written.
 */
export function writeAtomically(path: string, chunks: Iterable<Uint8Array>): void {
  const draft = temporary(path);
  try {
    const file = openSync(draft, 'w');
    try {
      for (const chunk of chunks) writeFully(file, chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path); // last: the file's existence means that it is whole
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(draft, { force: true, recursive: true });
    throw diskError(path, error);
  }
}

/** write() may take only a part of the bytes. */
function writeFully(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
}

/** Makes a rename or a new file survive a power cut; Windows does it by itself and cannot open folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a folder and those above it. Throws `disk`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw diskError(path, error);
  }
}

/** Removes what writers that were killed half-way left in a folder. */
export function sweepDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const writer = Number(/\.(\d+)\.tmp$/.exec(name)?.[1]);
    if (writer && writer !== process.pid && !isAlive(writer)) rmSync(join(folder, name), { force: true });
  }
}

const advice: Record<string, string> = {
  ENOSPC: 'The disk is full. Free some space.',
  EDQUOT: 'Your disk quota is used up. Free some space.',
  EFBIG: 'The file is larger than this system allows. Raise the limit (ulimit -f).',
  EACCES: 'Permission is missing. Make the folder writable.',
  EPERM: 'Permission is missing. Make the folder writable.',
  EROFS: 'The file system is read-only. Move the lab to a writable one.',
};

/** A `disk` error for a system error at `path`; errors with a code of ours pass through. */
export function diskError(path: string, error: unknown): Error {
  if (error instanceof PermafrostError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (!code) return error as Error;
  const help = advice[code] ?? 'Check the disk and the folder.';
  return new PermafrostError(
    'disk',
    `${basename(path)} could not be written in ${dirname(path)}: ${message}. ${help}`,
    { cause: error },
  );
}
