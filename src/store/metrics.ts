/** Metric rows: (run, key, step) → value. Keys are stored as their index in the contract's list. */
import type { Database } from 'better-sqlite3';
import { type MetricKey, type MetricRow, metricKeys } from '#contract/run';
import type { Curve } from '#contract/runRow';
import type { CurveRange } from '#contract/services';

export interface Point {
  step: number;
  value: number;
}

/** Rows of one INSERT: a call for each row takes two to three times as long. */
const atOnce = 50;

export function metricsTable(database: Database) {
  const insert = (rows: number) =>
    database.prepare(
      `INSERT OR REPLACE INTO metrics (run, key, step, value) VALUES ${Array(rows).fill('(?, ?, ?, ?)').join()}`,
    );
  const [putOne, putMany] = [insert(1), insert(atOnce)];
  const voidAfter = database.prepare('DELETE FROM metrics WHERE run = ? AND step > ?');
  const runKey = database.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck();
  const extent = database.prepare<unknown[], { low: number; high: number; count: number; seq: number }>(
    `SELECT min(step) AS low, max(step) AS high, count(*) AS count, (SELECT seq FROM runs WHERE key = @run) AS seq
     FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to`,
  );
  const between = database.prepare<unknown[], Point>(
    'SELECT step, value FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to ORDER BY step',
  );
  const extreme = (of: 'min' | 'max') =>
    database.prepare<[number, number, number, number], Point | { step: null }>(
      `SELECT step, ${of}(value) AS value FROM metrics WHERE run = ? AND key = ? AND step BETWEEN ? AND ?`,
    );
  const [lowest, highest] = [extreme('min'), extreme('max')];
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
    const edge = (bucket: number) => low + Math.ceil((bucket * (high - low + 1)) / buckets);
    const thinned: Point[] = [];
    // a query for each bucket, since a scan in key order is three times as fast as grouping the whole
    for (let bucket = 0; bucket < buckets; bucket++) {
      const within = [run, range.key, edge(bucket), edge(bucket + 1) - 1] as const;
      const [a, b] = [lowest.get(...within)!, highest.get(...within)!];
      if (a.step === null || b.step === null) continue;
      thinned.push(...(a.step < b.step ? [a, b] : a.step > b.step ? [b, a] : [a]));
    }
    return { points: thinned, of: count, seq };
  }

  return {
    /** Adds rows; call inside a transaction. */
    put(run: number, rows: readonly MetricRow[]): void {
      const values = (some: readonly MetricRow[]) =>
        some.flatMap(([key, step, value]) => [run, metricKeys.indexOf(key), step, value]);
      const whole = rows.length - (rows.length % atOnce);
      for (let i = 0; i < whole; i += atOnce) putMany.run(values(rows.slice(i, i + atOnce)));
      for (const row of rows.slice(whole)) putOne.run(values([row]));
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
