/** Metric rows: (run, key, step) → value. Keys are stored as their index in the contract's list. */
import type { Database } from 'better-sqlite3';
import { type MetricKey, type MetricRow, metricKeys } from '#contract/run';
import type { Curve } from '#contract/runRow';
import type { CurveRange } from '#contract/services';

export interface Point {
  step: number;
  value: number;
}

export function metricsTable(database: Database) {
  const put = database.prepare('INSERT OR REPLACE INTO metrics (run, key, step, value) VALUES (?, ?, ?, ?)');
  const voidAfter = database.prepare('DELETE FROM metrics WHERE run = ? AND step > ?');
  const runKey = database.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck();
  const extent = database.prepare<unknown[], { low: number; high: number; count: number; seq: number }>(
    `SELECT min(step) AS low, max(step) AS high, count(*) AS count, (SELECT seq FROM runs WHERE key = @run) AS seq
     FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to`,
  );
  const between = database.prepare<unknown[], Point>(
    'SELECT step, value FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to ORDER BY step',
  );
  // each bucket's lowest and highest point; a bucket of one point gives it once
  const bucketed = `FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @low AND @high GROUP BY CAST((step - @low) * @buckets / @span AS INTEGER)`;
  const extremes = database.prepare<unknown[], Point>(
    `SELECT step, value FROM (SELECT step, min(value) AS value ${bucketed} UNION SELECT step, max(value) AS value ${bucketed}) ORDER BY step`,
  );
  const everything = database
    .prepare<[number], [number, number, number]>(
      'SELECT key, step, value FROM metrics WHERE run = ? ORDER BY key, step',
    )
    .raw();

  /**
   * A metric over a range of steps. With `points`, about so many at most: the lowest and the highest of each of points / 2
   * equal ranges of steps, so that no peak is lost.
   */
  function curve(
    id: string,
    key: MetricKey,
    { points, from = 0, to = Number.MAX_SAFE_INTEGER }: CurveRange = {},
  ): Curve {
    const run = runKey.get(id);
    if (run === undefined) return { points: [], of: 0, seq: 0 };
    const range = { run, key: metricKeys.indexOf(key), from, to };
    const { low, high, count, seq } = extent.get(range)!;
    if (!points || count <= points) return { points: between.all(range), of: count, seq };
    const buckets = Math.max(1, Math.floor(points / 2));
    return { points: extremes.all({ ...range, low, high, span: high - low + 1, buckets }), of: count, seq };
  }

  return {
    /** Adds rows; call inside a transaction. */
    put(run: number, rows: readonly MetricRow[]): void {
      for (const [key, step, value] of rows) put.run(run, metricKeys.indexOf(key), step, value);
    },
    /** Forgets what lies after `step`: a run that resumes there writes it again. */
    voidAfter: (run: number, step: number): void => void voidAfter.run(run, step),
    /** A whole metric over steps; with `points`, thinned as a {@link curve} is. */
    series: (id: string, key: MetricKey, points?: number): Point[] => curve(id, key, { points }).points,
    curve,
    /** Every row of a run, streamed in order of key and step. */
    *rows(id: string): Generator<MetricRow> {
      const run = runKey.get(id);
      if (run === undefined) return;
      for (const [key, step, value] of everything.iterate(run)) yield [metricKeys[key], step, value];
    },
  };
}
