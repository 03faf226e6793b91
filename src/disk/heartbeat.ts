/** The beats of a lease: how its file is written, and the thread that writes it for a process that has no time. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import type { ProcessIdentity } from './processes.ts';

/** Milliseconds between beats. */
export const beatTime = 5000;

const digits = 12;

/** The file; the beat stands at its end and has always the same length, so that it is overwritten in place. */
export const leaseText = (token: string, process: ProcessIdentity, beat: number): string =>
  `{"token":"${token}","process":${JSON.stringify(process)},"beat":"${String(beat).padStart(digits, '0')}"}\n`;

/** The token of the lease at `path`; null where there is none. */
export function tokenOf(path: string): string | null {
  try {
    return tokenIn(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

const tokenIn = (text: string): string | null => /^\{"token":"([^"]+)"/.exec(text)?.[1] ?? null;

/**
 * Writes the next beat and its time to `last`, or −1 there when the file is gone or somebody else's. A disk that refuses is no
 * loss: the next beat may go through.
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
      closeSync(file); // a network file system sends it off now
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
