/** Opens the SQLite file and migrates it to the current layout. Only this room uses SQLite. */
import { accessSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Options } from 'better-sqlite3';
import { PermafrostError } from '#contract/errors';
import { isDamage, isRefusal, storeError } from '#disk/troubles';

/** One migration per layout version. Released migrations are never edited. */
export const migrations: readonly string[] = [
  `CREATE TABLE runs (
     key INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     config TEXT NOT NULL,
     state TEXT NOT NULL,
     reason TEXT,
     created_at REAL NOT NULL,
     started_at REAL,
     ended_at REAL,
     step INTEGER NOT NULL DEFAULT 0,
     total_steps INTEGER NOT NULL DEFAULT 0,
     device TEXT,
     trainable INTEGER,
     total INTEGER,
     deviations TEXT NOT NULL DEFAULT '[]',
     result TEXT,
     seq INTEGER NOT NULL DEFAULT 0,
     position INTEGER,
     pid INTEGER
   );
   CREATE INDEX runs_by_state ON runs (state, position);
   CREATE TABLE tags (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (run, tag)) WITHOUT ROWID;
   CREATE TABLE metrics (
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     key INTEGER NOT NULL,
     step INTEGER NOT NULL,
     value REAL NOT NULL,
     PRIMARY KEY (run, key, step)
   ) WITHOUT ROWID;`,
  // the columns of the table of runs, the clock of steps, and the app that queued a run
  `ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
   ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE runs ADD COLUMN trashed_at REAL;
   ALTER TABLE runs ADD COLUMN owner INTEGER;
   ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
   ALTER TABLE runs ADD COLUMN last REAL;
   ALTER TABLE runs ADD COLUMN low REAL;
   ALTER TABLE runs ADD COLUMN high REAL;
   ALTER TABLE runs ADD COLUMN recent REAL;
   CREATE TABLE clock (
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     step INTEGER NOT NULL,
     at REAL NOT NULL,
     seconds REAL NOT NULL,
     PRIMARY KEY (run, step)
   ) WITHOUT ROWID;
   UPDATE runs SET
     seconds = coalesce(json_extract(result, '$.seconds'), 0),
     last = (SELECT value FROM metrics WHERE run = runs.key AND key = 3 ORDER BY step DESC LIMIT 1),
     low = (SELECT min(value) FROM metrics WHERE run = runs.key AND key = 3),
     high = (SELECT max(value) FROM metrics WHERE run = runs.key AND key = 3),
     recent = (SELECT avg(value) FROM (SELECT value FROM metrics WHERE run = runs.key AND key = 3 ORDER BY step DESC LIMIT 100));`,
  // a summary of every 64 steps of a metric
  `CREATE TABLE stretches (
     run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
     key INTEGER NOT NULL,
     start INTEGER NOT NULL,
     count INTEGER NOT NULL,
     low_step INTEGER NOT NULL,
     low REAL NOT NULL,
     high_step INTEGER NOT NULL,
     high REAL NOT NULL,
     PRIMARY KEY (run, key, start)
   ) WITHOUT ROWID;
   INSERT INTO stretches SELECT run, key, start, count, low_step, low, high_step, high FROM
     (SELECT run, key, step - step % 64 AS start, count(*) AS count, step AS low_step, min(value) AS low FROM metrics GROUP BY 1, 2, 3)
     JOIN (SELECT run, key, step - step % 64 AS start, step AS high_step, max(value) AS high FROM metrics GROUP BY 1, 2, 3)
     USING (run, key, start);`,
  // apps are identified by their lease, since PIDs are reused; marks of a run are copied to its folder
  `ALTER TABLE runs DROP COLUMN owner;
   ALTER TABLE runs DROP COLUMN pid;
   ALTER TABLE runs ADD COLUMN app TEXT;
   ALTER TABLE runs ADD COLUMN marks_saved INTEGER NOT NULL DEFAULT 0;`,
  // the launcher that starts the trainer of a run
  `ALTER TABLE runs ADD COLUMN launcher TEXT NOT NULL DEFAULT 'local';`,
];

/** In older versions a crash during a WAL reset can corrupt the file (sqlite.org/wal.html, fixed in 3.51.3). */
const safeWal = '3.51.3';
/** On older Node versions better-sqlite3 13 ends the process instead of throwing an error. */
const neededNapi = 10;

/** Milliseconds that a statement waits for another writer, which blocks this process. */
export const patience = 2000;
/** The same for background writes, which their callers retry. */
export const hurry = 20;

/** Milliseconds for which opening is retried. */
const openPatience = 5000;

export interface OpenOptions {
  /** Open the database read-only. This changes nothing on the disk and works in a folder that is not writable. */
  reads?: boolean;
  /** Check the file first, with indices (`whole`) or without (`quick`), and throw if it is damaged. */
  checks?: 'whole' | 'quick' | null;
}

/**
 * Opens the database at `path`; creates or migrates it if necessary. Throws `store` if Node, the file or its layout do not fit.
 * Read-only, a missing database is empty, and one that cannot be opened in its place is read from a copy.
 */
export async function openDatabase(
  path: string,
  { reads = false, checks = null }: OpenOptions = {},
): Promise<Database> {
  if (Number(process.versions.napi) < neededNapi) {
    throw new PermafrostError(
      'store',
      `The run store needs Node 22.14 or newer; this is ${process.version}. Run through npm (npm run …), which uses the Node that was installed with Permafrost.`,
    );
  }
  const { default: Sqlite } = await import('better-sqlite3');
  const open = (place: string): Database => {
    const database = new Sqlite(place, { timeout: patience });
    try {
      configure(database);
      migrate(database, path);
      if (checks) check(database, checks);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  };
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw Object.assign(new Error('it is a folder'), { code: 'SQLITE_NOTADB' });
    if (!reads || path === ':memory:') return await whenFree(() => open(path));
    if (!isThere(path)) return open(':memory:');
    return openForReading(Sqlite, path) ?? openCopy(path, open);
  } catch (error) {
    if (error instanceof PermafrostError || isRefusal(error)) throw storeError(path, error);
    throw new PermafrostError(
      'store',
      `${path} cannot be used as the run store: ${(error as Error).message}. Check that its folder exists, or set PERMAFROST_HOME to another one.`,
      { cause: error },
    );
  }
}

/** Retries while the file is locked, since SQLite does not wait for another process that is creating the same file. */
async function whenFree(open: () => Database): Promise<Database> {
  const end = performance.now() + openPatience;
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (!/^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: unknown }).code)) || performance.now() > end)
        throw error;
    }
    await sleep(50 + 50 * Math.random());
  }
}

/** Whether the file exists. Throws if that cannot be determined, since an unreadable home is not an empty one. */
function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Opens the database read-only; null if it must be migrated first, or if SQLite cannot write the files that it needs beside it. */
function openForReading(Sqlite: new (path: string, options: Options) => Database, path: string): Database | null {
  let database: Database | null = null;
  try {
    database = new Sqlite(path, { timeout: patience, readonly: true });
    if (database.pragma('user_version', { simple: true }) === migrations.length) {
      database.prepare('SELECT count(*) FROM runs').get();
      return database;
    }
  } catch (error) {
    if (isDamage(error)) throw error;
  }
  database?.close();
  return null;
}

/** Opens a copy of the database and its write-ahead log. Deletes the copy at once if the system allows that. */
function openCopy(path: string, open: (place: string) => Database): Database {
  const folder = copyTo(path);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove); // Windows cannot delete open files
  try {
    return open(join(folder, 'copy.db'));
  } finally {
    if (process.platform !== 'win32') remove(); // open files stay readable, and even a kill leaves no copy behind
  }
}

/** Copies the database to the first folder with enough space; returns the folder of the copy. */
function copyTo(path: string): string {
  let refusal: unknown;
  for (const place of [tmpdir(), '/dev/shm'].filter((each) => existsSync(each))) {
    let folder: string | null = null;
    try {
      folder = mkdtempSync(join(place, 'permafrost-store-'));
      copyFileSync(path, join(folder, 'copy.db'));
      if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, join(folder, 'copy.db-wal'));
      return folder;
    } catch (error) {
      refusal = error;
      if (folder) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw refusal;
}

/** Throws SQLite's error for a damaged file if the check finds a problem. */
function check(database: Database, checks: 'whole' | 'quick'): void {
  const found = database.pragma(checks === 'whole' ? 'integrity_check(1)' : 'quick_check(1)', {
    simple: true,
  }) as string;
  if (found !== 'ok') throw Object.assign(new Error(found.replaceAll('\n', ' ')), { code: 'SQLITE_CORRUPT' });
}

/** Renames an unusable database; returns its new path. */
export function setAside(path: string, now = new Date()): string {
  const aside = `${path}.damaged-${now.toISOString().replace(/[:.]/g, '-')}`;
  for (const part of ['', '-wal', '-shm']) if (existsSync(path + part)) renameSync(path + part, aside + part);
  return aside;
}

function configure(database: Database): void {
  const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
  database.pragma(`journal_mode = ${compareVersions(version, safeWal) < 0 ? 'TRUNCATE' : 'WAL'}`);
  database.pragma('synchronous = NORMAL');
  database.pragma('foreign_keys = ON');
}

function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((v) => v.split('.').map(Number));
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
}

function migrate(database: Database, path: string): void {
  const upgrade = database.transaction(() => {
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version > migrations.length) {
      throw new PermafrostError(
        'store',
        `${path} has layout ${version}, but this version of Permafrost knows only layouts up to ${migrations.length}. A newer version made it: update Permafrost, or set PERMAFROST_HOME to another folder.`,
      );
    }
    for (const step of migrations.slice(version)) database.exec(step);
    database.pragma(`user_version = ${migrations.length}`);
  });
  upgrade.immediate(); // because two processes may open an old file at the same time
}
