/** The run store: an index of run folders, which can be deleted and rebuilt. */
import type { Database } from 'better-sqlite3';
import { storeError } from '#disk/troubles';
import { clockTable } from './clock.ts';
import { hurry, type OpenOptions, openDatabase, patience } from './database.ts';
import { journalImport } from './journal.ts';
import { metricsTable } from './metrics.ts';
import { runsTable } from './runs.ts';
import { summaryColumns } from './summary.ts';

export type Store = Awaited<ReturnType<typeof openStore>>;

/** Opens the store at `path`; `:memory:` is never written to the disk. This and every call that SQLite refuses throw `store`. */
export async function openStore(path: string, options: OpenOptions = {}) {
  const database = await openDatabase(path, options);
  const { runs, metrics, clock, apply, rows, finished } = tablesOf(path, database, options);
  const { immediate } = database.transaction((work: () => unknown) => work());
  const together = <T>(work: () => T): T => (database.inTransaction ? work() : (immediate(work) as T));
  return {
    runs: refusing(path, runs),
    metrics: refusing(path, metrics),
    clock: refusing(path, clock),
    ...refusing(path, {
      rows,
      finished,
      apply: (...args: Parameters<typeof apply>) => together(() => apply(...args)),
      /** Runs `work` in a transaction, during which no other process can write. */
      together,
      /** Runs `work` and waits only briefly for other writers. For background writes, which are retried. */
      hurried<T>(work: () => T): T {
        database.pragma(`busy_timeout = ${hurry}`);
        try {
          return work();
        } finally {
          database.pragma(`busy_timeout = ${patience}`);
        }
      },
      close: () => void database.close(),
    }),
  };
}

/** Opens the tables of a database. With `checks`, reads every row once. Throws `store` if tables are damaged. */
function tablesOf(path: string, database: Database, { checks }: OpenOptions) {
  try {
    const metrics = metricsTable(database);
    const runs = runsTable(database);
    const summary = summaryColumns(database);
    if (checks) {
      runs.list();
      summary.rows();
    }
    return { runs, metrics, clock: clockTable(database), ...journalImport(database, metrics), ...summary };
  } catch (error) {
    database.close();
    throw storeError(path, error);
  }
}

/** Wraps functions so that SQLite's errors become `store` errors. */
function refusing<T extends object>(path: string, table: T): T {
  const guarded = Object.entries(table).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      try {
        const value = call(...args);
        return isGenerator(value) ? refusingGenerator(path, value) : value;
      } catch (error) {
        throw storeError(path, error);
      }
    },
  ]);
  return Object.fromEntries(guarded);
}

const isGenerator = (value: unknown): value is Generator =>
  Object.prototype.toString.call(value) === '[object Generator]';

function* refusingGenerator(path: string, values: Generator): Generator {
  try {
    yield* values;
  } catch (error) {
    throw storeError(path, error);
  }
}
