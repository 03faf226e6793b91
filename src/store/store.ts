/** The run store: an index over run folders that can be deleted and rebuilt. */
import { storeError } from '#disk/troubles';
import { clockTable } from './clock.ts';
import { hurry, type OpenOptions, openDatabase, patience } from './database.ts';
import { journalImport } from './journal.ts';
import { metricsTable } from './metrics.ts';
import { runsTable } from './runs.ts';
import { summaryColumns } from './summary.ts';

export type Store = Awaited<ReturnType<typeof openStore>>;

/** Opens the store at `path` (`:memory:` for one that is forgotten). Throws `store`, as does every call that SQLite refuses. */
export async function openStore(path: string, options: OpenOptions = {}) {
  const database = await openDatabase(path, options);
  const metrics = metricsTable(database);
  const { apply } = journalImport(database, metrics);
  const { rows, finished } = summaryColumns(database);
  const runs = runsTable(database);
  if (options.checks) readAll();
  const together = <T>(work: () => T): T => (database.inTransaction ? work() : database.transaction(work).immediate());
  return {
    runs: refusing(path, runs),
    metrics: refusing(path, metrics),
    clock: refusing(path, clockTable(database)),
    ...refusing(path, {
      rows,
      finished,
      apply: (...args: Parameters<typeof apply>) => together(() => apply(...args)),
      /** Everything that `work` does, or nothing; no other process writes meanwhile. */
      together,
      /** Lets `work` wait for other processes only for a moment: for what is tried again by itself. */
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

  /** Throws where a row is nothing that was written. */
  function readAll(): void {
    try {
      runs.list();
      rows();
    } catch (error) {
      database.close();
      throw storeError(path, error);
    }
  }
}

/** The same functions, which throw SQLite's refusals as errors that a person can act on. */
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
