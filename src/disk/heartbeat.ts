/** The heartbeat of a lease: the format of its file, and the thread that beats for a process whose event loop is busy. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import type { ProcessIdentity } from './processes.ts';

/** Milliseconds between beats. */
export const beatTime = 5000;

const digits = 12;

/** The text of a lease file. The beat is last and has a fixed length, so it can be overwritten in place. */
export const leaseText = (token: string, process: ProcessIdentity, beat: number): string =>
  `{"token":"${token}","process":${JSON.stringify(process)},"beat":"${String(beat).padStart(digits, '0')}"}\n`;

/** The token of the lease at `path`; null if there is none. */
export function tokenOf(path: string): string | null {
  try {
    return tokenIn(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

const tokenIn = (text: string): string | null => /^\{"token":"([^"]+)"/.exec(text)?.[1] ?? null;

/**
 * Writes the next beat to the file and its time to `last`, or −1 if the file is gone or belongs to another process. Ignores disk
 * errors, since the next beat may succeed.
 */
export function beat(path: string, token: string, last: BigInt64Array): void {
  try {
    const file = openSync(path, 'r+');
    try {
      const bytes = Buffer.alloc(4096);
      const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0));
      if (tokenIn(text) !== token) return void Atomics.store(last, 0, -1n);
      const at = text.length - digits - 3;
      const count = Number(text.slice(at, at + digits)) + 1;
      writeSync(
        file,
        Buffer.from(String(count).padStart(digits, '0')),
        0,
        digits,
        Buffer.byteLength(text) - digits - 3,
      );
    } finally {
      closeSync(file); // network file systems send the beat on close
    }
    Atomics.store(last, 0, BigInt(Date.now()));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') Atomics.store(last, 0, -1n);
  }
}

if (!isMainThread && workerData?.shared) {
  const { path, token, shared } = workerData as { path: string; token: string; shared: SharedArrayBuffer };
  const last = new BigInt64Array(shared);
  setInterval(() => beat(path, token, last), beatTime);
}
