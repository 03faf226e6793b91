/** Whether a process that is no child of ours is there, or still trains a run. */
import { readFileSync } from 'node:fs';

/** True while a process of that number exists. */
export function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

/** True while process `pid` exists and, where the system tells command lines, has the run folder in its own. */
export function isTraining(pid: number | null, folder: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(folder); // a number may belong to somebody else by now
  } catch {
    return process.platform !== 'linux';
  }
}
