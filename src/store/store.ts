/** The run store: an index over run folders that can be deleted and rebuilt. */
import { clockTable } from './clock.ts';
import { openDatabase } from './database.ts';
import { journalImport } from './journal.ts';
import { metricsTable } from './metrics.ts';
import { runsTable } from './runs.ts';
import { summaryColumns } from './summary.ts';

export type Store = Awaited<ReturnType<typeof openStore>>;

/** Opens the store at `path` (`:memory:` for one that is forgotten). Throws `store`. */
export async function openStore(path: string) {
  const database = await openDatabase(path);
  const runs = runsTable(database);
  const metrics = metricsTable(database);
  const { apply, rebuild } = journalImport(database, runs, metrics);
  const clock = clockTable(database);
  const { rows, finished } = summaryColumns(database);
  return { runs, metrics, clock, rows, finished, apply, rebuild, close: () => void database.close() };
}
