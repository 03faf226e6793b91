/** Metric rows: (run, key, step) → value. Keys are stored as their index in the contract's list. */
import type { Database } from 'better-sqlite3';
import { type MetricKey, type MetricRow, metricKeys } from '#contract/run';

export interface Point {
  step: number;
  value: number;
}

export function metricsTable(database: Database) {
  const put = database.prepare('INSERT OR REPLACE INTO metrics (run, key, step, value) VALUES (?, ?, ?, ?)');
  const voidAfter = database.prepare('DELETE FROM metrics WHERE run = ? AND step > ?');
  const runKey = database.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck();
  const series = database.prepare<[number, number], Point>(
    'SELECT step, value FROM metrics WHERE run = ? AND key = ? ORDER BY step',
  );
  const extent = database.prepare<[number, number], { low: number; high: number; count: number }>(
    'SELECT min(step) AS low, max(step) AS high, count(*) AS count FROM metrics WHERE run = ? AND key = ?',
  );
  // each bucket's lowest and highest point; a bucket of one point gives it once
  const extremes = database.prepare<unknown[], Point>(
    `SELECT step, value FROM (
       SELECT step, min(value) AS value FROM metrics WHERE run = @run AND key = @key GROUP BY CAST((step - @low) * @buckets / @span AS INTEGER)
       UNION
       SELECT step, max(value) AS value FROM metrics WHERE run = @run AND key = @key GROUP BY CAST((step - @low) * @buckets / @span AS INTEGER)
     ) ORDER BY step`,
  );
  const everything = database
    .prepare<[number], [number, number, number]>(
      'SELECT key, step, value FROM metrics WHERE run = ? ORDER BY key, step',
    )
    .raw();

  return {
    /** Adds rows; call inside a transaction. */
    put(run: number, rows: readonly MetricRow[]): void {
      for (const [key, step, value] of rows) put.run(run, metricKeys.indexOf(key), step, value);
    },
    /** Forgets what lies after `step`: a run that resumes there writes it again. */
    voidAfter: (run: number, step: number): void => void voidAfter.run(run, step),
    /**
     * A metric over steps. With `points`, about so many at most: the lowest and the highest of each of points / 2
     * equal ranges of steps, so that no peak is lost.
     */
    series(id: string, key: MetricKey, points?: number): Point[] {
      const run = runKey.get(id);
      if (run === undefined) return [];
      const index = metricKeys.indexOf(key);
      const { low, high, count } = extent.get(run, index)!;
      if (!points || count <= points) return series.all(run, index);
      return extremes.all({ run, key: index, low, span: high - low + 1, buckets: Math.max(1, Math.floor(points / 2)) });
    },
    /** Every row of a run, streamed in order of key and step. */
    *rows(id: string): Generator<MetricRow> {
      const run = runKey.get(id);
      if (run === undefined) return;
      for (const [key, step, value] of everything.iterate(run)) yield [metricKeys[key], step, value];
    },
  };
}
