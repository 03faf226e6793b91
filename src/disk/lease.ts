/**
 * A lease is a file that names the process, on any machine, that owns a resource.
 *
 *     const lease = await takeLease(join(folder, 'lease.json'));
 *     …
 *     lease.release();
 *
 * The holder writes a new beat into the file every {@link beatTime}. Other processes consider it alive while the beat changes or,
 * on the same machine, while the holder's process runs. They compare the file with their last reading of it, so clocks need not
 * agree. The lease of a dead holder can be taken over: at once on the same machine, elsewhere after {@link silence} without a beat.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { draftOf, makeFolder, sweepDrafts, writeFully } from './atomicFile.ts';
import { beat, beatTime, leaseText, tokenOf } from './heartbeat.ts';
import { isRunning, type ProcessIdentity, processIdentity, processText, thisProcess } from './processes.ts';
import { diskError } from './troubles.ts';

/** Milliseconds without a beat after which a holder on another machine counts as dead. */
export const silence = 6 * beatTime;

export interface Lease {
  /** Identifies this acquisition of the lease. */
  readonly token: string;
  /** Whether the lease was taken over or removed. Then this process must not write any more. */
  isLost(): boolean;
  release(): void;
}

export interface LeaseHolder {
  token: string;
  process: ProcessIdentity;
  /** Null while unknown: the holder is on another machine and must be watched for up to {@link silence}. */
  isAlive: boolean | null;
}

const leaseFile = z.object({ token: z.string(), process: processIdentity });

/** The last text read at a path, since when (ms, monotonic), and whether it has changed before. */
const watched = new Map<string, { text: string; since: number; beats: boolean }>();

/** The holder of the lease at `path`; null if it is free. Does not wait: call it again while `isAlive` is null. */
export function leaseHolder(path: string): LeaseHolder | null {
  const text = textAt(path);
  if (text === null) {
    watched.delete(path);
    return null;
  }
  const now = performance.now();
  const last = watched.get(path);
  const seen = last?.text === text ? last : { text, since: now, beats: last !== undefined };
  watched.set(path, seen);
  const { token, process } = holderIn(text);
  const runs = process && isRunning(process);
  const isSilent = now - seen.since >= silence;
  return { token, process: process ?? unknown, isAlive: runs ?? (isSilent ? false : seen.beats || null) };
}

/** Holder of a file that is not a valid lease. It counts as dead once the file stops changing. */
const unknown: ProcessIdentity = { host: 'an unknown machine', boot: '', namespace: '', pid: 1, start: '' };

function holderIn(text: string): { token: string; process: ProcessIdentity | null } {
  try {
    return leaseFile.parse(JSON.parse(text));
  } catch {
    return { token: text, process: null }; // the file is being written, or damaged
  }
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw diskError(path, error, 'read');
  }
}

export interface LeaseOptions {
  /** Name of the resource in error messages: `The run in /home/…/runs/x`. */
  what?: string;
  /** If given, takeLease waits for a live holder instead of throwing, and calls this once with that holder. */
  onWait?(holder: LeaseHolder): void;
  /** Beats from a worker thread: for processes whose computations block the event loop. */
  thread?: boolean;
  /** Ends the wait for a holder; a free lease is taken all the same. */
  signal?: AbortSignal;
}

/**
 * Takes the lease at `path`; makes its folder if needed. Throws `disk`, the signal's reason, or `conflict` with the name of a live
 * holder. If that is on another machine, this takes up to {@link silence}.
 */
export async function takeLease(path: string, options: LeaseOptions = {}): Promise<Lease> {
  const { what = path, onWait, signal } = options;
  const token = randomUUID();
  let told = false;
  for (;;) {
    if (claim(path, token)) return keep(path, token, options);
    signal?.throwIfAborted();
    const holder = leaseHolder(path);
    if (!holder) continue;
    if (holder.isAlive === false) {
      if (!(await takeOver(path, token, holder.token))) continue;
      return keep(path, token, options);
    }
    if (holder.isAlive && !onWait)
      throw new PermafrostError(
        'conflict',
        `${what} is in use by ${processText(holder.process)}. Wait until it finishes, or stop it there.`,
      );
    if (holder.isAlive && !told) {
      told = true;
      onWait?.(holder);
    }
    await sleep(500, undefined, { signal }).catch(() => {});
  }
}

/** Takes the lease at a path that no other process knows, without waiting. Throws `disk`. */
export function openLease(path: string): Lease {
  const token = randomUUID();
  if (!claim(path, token)) throw new PermafrostError('conflict', `${path} is already in use. Choose another path.`);
  return keep(path, token, {});
}

/** Creates the lease file unless it exists. It links a draft, which is atomic even on network file systems. */
function claim(path: string, token: string): boolean {
  sweepClaims(path);
  const draft = draftOf(path);
  makeFolder(dirname(path));
  try {
    writeNew(draft, token);
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      writeNew(path, token);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw diskError(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the drafts of killed claims. */
const sweepClaims = (path: string): void => sweepDrafts(dirname(path), `${basename(path)}.`);

/** Errors of file systems without hard links. Machines do not share such file systems, so creating the file exclusively is enough. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function writeNew(path: string, token: string): void {
  const file = openSync(path, 'wx');
  try {
    writeFully(file, Buffer.from(leaseText(token, thisProcess, 0)));
  } catch (error) {
    rmSync(path, { force: true }); // an empty file would make other processes wait
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Removes the lease at `path` if its holder is known to be dead, so that other processes do not wait for it. Throws `disk`. */
export function dropDeadLease(path: string): void {
  sweepClaims(path);
  const holder = leaseHolder(path);
  if (holder?.isAlive === false) moveAway(path, holder.token);
}

async function takeOver(path: string, token: string, dead: string): Promise<boolean> {
  if (!moveAway(path, dead) || !claim(path, token)) return false;
  await sleep(50); // a process that judged the dead holder at the same time may have moved ours away for a moment
  return tokenOf(path) === token;
}

/**
 * Moves the lease of a dead holder away. If another process was faster, this moves the lease of that process instead; it is then
 * put back, and the result is false.
 */
function moveAway(path: string, dead: string): boolean {
  const aside = draftOf(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw diskError(path, error);
  }
  try {
    if (tokenOf(aside) === dead || holderIn(textAt(aside) ?? '').token === dead) return true;
    linkSync(aside, path);
    return false;
  } catch {
    return false; // a third process has the lease by now
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Milliseconds since its last beat after which a holder rereads the file to see whether it still holds the lease. */
const doubt = 3 * beatTime;

function keep(path: string, token: string, { thread = false }: LeaseOptions): Lease {
  watched.delete(path);
  /** Time of the last beat, or −1 once the lease is lost. It is wall-clock time, which continues while the machine sleeps. */
  const last = new BigInt64Array(new SharedArrayBuffer(8));
  last[0] = BigInt(Date.now());
  const beats = thread ? beatInThread(path, token, last.buffer as SharedArrayBuffer) : beatByTimer(path, token, last);
  return {
    token,
    isLost() {
      const at = Atomics.load(last, 0);
      if (at < 0n) return true;
      const age = Date.now() - Number(at);
      if (age < 0 || age > doubt) beat(path, token, last);
      return Atomics.load(last, 0) < 0n;
    },
    release() {
      beats.stop();
      if (tokenOf(path) === token) rmSync(path, { force: true });
    },
  };
}

function beatByTimer(path: string, token: string, last: BigInt64Array): { stop(): void } {
  const timer = setInterval(() => beat(path, token, last), beatTime).unref();
  return { stop: () => clearInterval(timer) };
}

function beatInThread(path: string, token: string, shared: SharedArrayBuffer): { stop(): void } {
  const worker = new Worker(new URL('./heartbeat.ts', import.meta.url), { workerData: { path, token, shared } });
  worker.unref();
  worker.on('error', () => {}); // without beats, other processes take the lease over
  return { stop: () => void worker.terminate() };
}
