/** The columns of the list of runs. Four numbers summarise the test metrics of each run, so that ten thousand runs can be listed at once. */
import type { Database } from 'better-sqlite3';
import { configDefaults, type ExperimentConfig } from '#contract/config';
import { regimeOf } from '#contract/regime';
import { metricKeys } from '#contract/run';
import { type RunRow, settingsOf } from '#contract/runRow';
import { storedConfig } from './runs.ts';
import { readStored, type StoredRun, selectTags } from './storedRun.ts';

/** The columns that a summary is read from. The metric's value and its standard error are parts of the result. */
type SummaryRecord = Omit<
  StoredRun,
  'deviations' | 'result' | 'seq' | 'position' | 'app' | 'launcher' | 'marks_saved'
> & {
  value: number | null;
  standard_error: number | null;
};

/** A row without the fields that depend on whether a high or a low metric is better. */
export type UnjudgedRunRow = Omit<RunRow, 'metric' | 'best'> & { low: number | null; high: number | null };

type Described = Pick<UnjudgedRunRow, 'name' | 'task' | 'model' | 'regime' | 'seed' | 'settings'>;

const testMetric = metricKeys.indexOf('test_metric');
/** Number of test metrics that a published "last 100" averages. */
const recentCount = 100;

/** The name of a run; task, body and regime if the user gave it no name. */
const titleOf = (config: ExperimentConfig): string =>
  config.name === configDefaults.name ? [config.task, config.model_name, regimeOf(config)].join(' · ') : config.name;

export function summaryColumns(database: Database) {
  const refresh = database.prepare(
    `UPDATE runs SET (last, low, high, recent) = (
       SELECT (SELECT value FROM metrics WHERE run = @run AND key = ${testMetric} ORDER BY step DESC LIMIT 1), min(value), max(value),
         (SELECT avg(value) FROM (SELECT value FROM metrics WHERE run = @run AND key = ${testMetric} ORDER BY step DESC LIMIT ${recentCount}))
       FROM metrics WHERE run = @run AND key = ${testMetric}
     ) WHERE key = @run`,
  );
  const select = (where: string) =>
    database.prepare<unknown[], SummaryRecord>(
      `SELECT key, id, config, state, reason, created_at, started_at, ended_at, step, total_steps, device, trainable, total, seconds, note,
         archived, trashed_at, last, low, high, recent, result ->> '$.value' AS value, result ->> '$.standardError' AS standard_error,
         ${selectTags}
       FROM runs ${where} ORDER BY created_at, key`,
    );
  // the newest runs say most about the present speed of machine and program
  const finished = database.prepare<[], Pick<StoredRun, 'id' | 'config' | 'device' | 'seconds'> & { steps: number }>(
    `SELECT * FROM (SELECT id, config, device, result ->> '$.steps' AS steps, result ->> '$.seconds' AS seconds, key FROM runs
       WHERE state = 'finished' AND launcher = 'local' ORDER BY key DESC LIMIT 200) ORDER BY key`,
  );
  const all = select('');
  const some = select('WHERE id IN (SELECT value FROM json_each(?))');
  const described = new Map<string, Described>(); // a run's config never changes

  function describe({ id, config }: SummaryRecord): Described {
    const known = described.get(id);
    if (known) return known;
    const full: ExperimentConfig = JSON.parse(config);
    const { task, model_name: model, seed } = full;
    const fresh = { name: titleOf(full), task, model, regime: regimeOf(full), seed, settings: settingsOf(full) };
    described.set(id, fresh);
    return fresh;
  }
  const summaryOf = (row: SummaryRecord): UnjudgedRunRow =>
    readStored(row.id, () => ({
      id: row.id,
      ...describe(row),
      state: row.state,
      reason: row.reason ? JSON.parse(row.reason) : null,
      step: row.step,
      totalSteps: row.total_steps,
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      seconds: row.seconds,
      device: row.device,
      trainable: row.trainable,
      total: row.total,
      value: row.value,
      standardError: row.standard_error,
      last: row.last,
      low: row.low,
      high: row.high,
      recent: row.recent,
      tags: row.tags ? JSON.parse(row.tags) : [],
      note: row.note,
      archived: row.archived === 1,
      trashedAt: row.trashed_at,
    }));

  return {
    /** The newest finished runs that no cluster trained, with their durations, oldest first. */
    finished: () =>
      finished
        .all()
        .map(({ id, config, device, steps, seconds }) =>
          readStored(id, () => ({ id, config: storedConfig(config), device, steps, seconds })),
        ),
    /** Updates a run's summary after its metrics have changed. Call it inside a transaction. */
    refresh: (run: number): void => void refresh.run({ run }),
    /** All runs, or those with the given ids, in the order in which they were made. */
    rows: (ids?: readonly string[]): UnjudgedRunRow[] =>
      (ids ? some.all(JSON.stringify(ids)) : all.all()).map(summaryOf),
  };
}
