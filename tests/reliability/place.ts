/** A folder of its own for everything that a command reads and writes, and the processes that work there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const programs = {
  permafrost: join(import.meta.dirname, '../../bin/permafrost.js'),
  trainer: fileURLToPath(import.meta.resolve('#trainer/main')),
  pull: join(import.meta.dirname, 'pullProcess.ts'),
};

/** Environment variables that make a program kill itself at a point; the report lies outside the home. */
export const killerOf = ({ root }: Place, program: keyof typeof programs | '', at?: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'killer.ts')).href}`,
  KILL_PROGRAM: program && programs[program],
  KILL_AT: at === undefined ? undefined : String(at),
  KILL_REPORT: reportIn(root),
});
const reportIn = (root: string): string => join(root, 'tmp', 'report');

/** Reports of killed or counted programs since the last call. */
export function takeReport({ root }: Place): { killed: string[]; points: Record<string, number> } {
  const path = reportIn(root);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  rmSync(path, { force: true });
  const counted = Object.entries(programs).map(([name, file]): [string, number] => {
    const counts = lines.flatMap((line) => (line.startsWith(`${file} `) ? Number(line.slice(file.length + 1)) : []));
    return [name, Math.max(0, ...counts)];
  });
  return { killed: lines.filter((line) => line.startsWith('killed ')), points: Object.fromEntries(counted) };
}

/** A program and its arguments. */
export type Command = readonly [keyof typeof programs, ...string[]];

export interface Place {
  root: string;
  home: string;
  /** Working directory of the commands, and where they write exports. */
  out: string;
  /** The Hugging Face cache. */
  hub: string;
  environment: NodeJS.ProcessEnv;
}

/** Opens a place, as a copy of `from` if given. */
export function openPlace(environment: NodeJS.ProcessEnv = {}, from?: Place): Place {
  const root = mkdtempSync(join(tmpdir(), 'permafrost-kills-'));
  const [home, out, hub, temporary] = ['home', 'out', 'hub', 'tmp'].map((name) => join(root, name));
  if (from) cpSync(from.root, root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  for (const folder of [out, temporary]) mkdirSync(folder, { recursive: true });
  const own = {
    ...{ PERMAFROST_HOME: home, HF_HOME: hub, TMPDIR: temporary },
    // on the CPU alone, which gives the same bits every time
    ...{ CUDA_VISIBLE_DEVICES: '', VK_ICD_FILENAMES: '/none', ORT_DISABLE_TELEMETRY: '1' },
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
  };
  return { root, home, out, hub, environment: { ...process.env, ...own, ...environment } };
}

export function closePlace(place: Place): void {
  for (const pid of processesOf(place)) killProcess(pid);
  rmSync(place.root, { recursive: true, force: true, maxRetries: 5 });
}

export interface Ended {
  command: Command;
  /** Null for a process that a signal ended. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Working {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts a command; `killer` says where killer.ts ends one of its programs. */
export function start(place: Place, command: Command, killer: NodeJS.ProcessEnv = {}): Working {
  const [program, ...words] = command;
  const child = spawn(process.execPath, [programs[program], ...words], {
    cwd: place.out,
    env: { ...place.environment, ...killer },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]): Ended => ({ command, code, stdout, stderr }),
  );
  return { child, ended };
}

/** Every process that works in the place, also grandchildren. */
export function processesOf({ home }: Place): number[] {
  const mark = `PERMAFROST_HOME=${home}\0`;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark) ? Number(name) : [];
    } catch {
      return []; // it ended, or is another user's
    }
  });
}

export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

/** Resolves to whether all processes of the place exit within the time limit (ms). */
export async function isQuietWithin(place: Place, patience: number): Promise<boolean> {
  const end = performance.now() + patience;
  while (processesOf(place).length > 0) {
    if (performance.now() > end) return false;
    await sleep(50);
  }
  return true;
}

/** Calls `tell` for every change of a file in the place; returns the function that stops it. */
export function onChanges({ root }: Place, tell: () => void): () => void {
  const watcher = watch(root, { recursive: true }, tell);
  watcher.on('error', () => {}); // a folder was deleted meanwhile
  return () => watcher.close();
}

/** Everything in a folder: the hash of a file, the target of a link. */
export function contentOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  return Object.fromEntries(
    paths
      .map(({ entry, path }): [string, string] => [relative(folder, path), entry.isFile() ? hashOf(path) : 'no file'])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);

/** SQLite keeps its locks beside a database, and reads an empty log as none. */
const passes = (name: string, size: number): boolean =>
  name.endsWith('.db-shm') || (name.endsWith('.db-wal') && size === 0);

/** The same with times, to see what a command touched. */
export function traceOf(folder: string): Record<string, string> {
  const trace = Object.entries(contentOf(folder)).flatMap(([name, content]): [string, string][] => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return !stats || stats.isDirectory() || passes(name, stats.size) ? [] : [[name, `${content} ${stats.mtimeMs}`]];
  });
  return Object.fromEntries(trace);
}
