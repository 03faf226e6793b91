/**
 * The identity of a process. A PID is not enough: PIDs are reused, repeat in every container, and mean nothing on another machine.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const processIdentity = z.object({
  host: z.string(),
  /** Boot id of the machine; empty if the system has none. */
  boot: z.string(),
  /** The PID namespace that `pid` belongs to; empty if the system has none. */
  namespace: z.string(),
  pid: z.int().min(1),
  /** Start time in clock ticks since the boot; empty if the system does not tell. */
  start: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

const orEmpty = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

/** Start time of a process of this namespace; null if no such process is running. Zombies do not count. */
function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // after the name, which may contain anything
  return 'ZX'.includes(fields[0]) ? null : fields[19];
}

const isLinux = process.platform === 'linux';

/** This process. */
export const thisProcess: ProcessIdentity = {
  host: hostname(),
  boot: isLinux ? orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) : '',
  namespace: isLinux ? orEmpty(() => readlinkSync('/proc/self/ns/pid')) : '',
  pid: process.pid,
  start: isLinux ? (startOf(process.pid) ?? '') : '',
};

/** Whether two processes share a PID namespace. */
const sharesNumbers = (a: ProcessIdentity, b: ProcessIdentity): boolean =>
  a.boot !== '' && a.boot === b.boot && a.namespace !== '' && a.namespace === b.namespace;

/** Whether a process is still running; null if this process cannot tell, because the other is on another machine or in another container. */
export function isRunning(other: ProcessIdentity): boolean | null {
  if (sharesNumbers(other, thisProcess)) return startOf(other.pid) === other.start;
  if (isLinux || other.boot !== '' || other.host !== thisProcess.host) return null;
  return numberIsFree(other.pid) ? false : null; // the PID may have been reused
}

function numberIsFree(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Description of a process for error messages. */
export const processText = ({ host, pid }: ProcessIdentity): string =>
  host === thisProcess.host ? `process ${pid}` : `process ${pid} on ${host}`;
