/** A disk that takes no more, for this process: a limit on the size of the files that it writes. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const prlimit = '/usr/bin/prlimit';
export const canLimitFiles = existsSync(prlimit);

const survive = () => {};

/** Does `work` while no file may become larger than `bytes`. */
export function withFileLimit<T>(bytes: number, work: () => T): T {
  process.on('SIGXFSZ', survive);
  limit(bytes);
  try {
    return work();
  } finally {
    limit('unlimited');
    process.off('SIGXFSZ', survive);
  }
}

/** The same for work that takes its time. */
export async function withFileLimitDuring<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  process.on('SIGXFSZ', survive);
  limit(bytes);
  try {
    return await work();
  } finally {
    limit('unlimited');
    process.off('SIGXFSZ', survive);
  }
}

const limit = (size: number | 'unlimited') =>
  execFileSync(prlimit, ['--pid', String(process.pid), `--fsize=${size}:unlimited`]);
