/** `trainer.log` of a run folder: the output of its trainers. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** The last `bytes` bytes of the file; empty if there is none. */
export function printedTail(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = statSync(path);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const count = readSync(file, buffer, 0, buffer.length, Math.max(0, size - bytes));
    return buffer.toString('utf8', 0, count);
  } finally {
    closeSync(file);
  }
}
