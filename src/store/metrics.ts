/** The table of metrics: (run, key, step) → value. A key is stored as its index in the contract's list. */
import type { Database } from 'better-sqlite3';
import { type MetricKey, type MetricRow, metricKeys } from '#contract/run';
import type { Curve, MetricName } from '#contract/runRow';
import type { CurveRange } from '#contract/runServices';
import { stretchesTable, stretchStart, stretchSteps } from './stretches.ts';

type MetricPoint = Curve['points'][number];

/** Rows per INSERT. One call per row takes two to three times as long. */
const atOnce = 50;
/** Rows that `rows` of {@link metricsTable} reads at once. */
const pageRows = 1000;

export function metricsTable(database: Database) {
  const insert = (rows: number) =>
    database.prepare(
      `INSERT OR REPLACE INTO metrics (run, key, step, value) VALUES ${Array(rows).fill('(?, ?, ?, ?)').join()}`,
    );
  const [putOne, putMany] = [insert(1), insert(atOnce)];
  const stretches = stretchesTable(database);
  const voidAfter = database.prepare('DELETE FROM metrics WHERE run = ? AND key = ? AND step > ?');
  const runKey = database.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck();
  const inRange = 'FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to';
  // two subqueries, because SQLite then looks up both steps in the index instead of scanning the rows
  const extent = database.prepare<unknown[], { low: number | null; high: number; seq: number }>(
    `SELECT (SELECT min(step) ${inRange}) AS low, (SELECT max(step) ${inRange}) AS high, (SELECT seq FROM runs WHERE key = @run) AS seq`,
  );
  const counted = (where: string) => `(SELECT count(*) FROM metrics WHERE run = @run AND key = @key AND ${where})`;
  const count = database
    .prepare<unknown[], number>(
      `SELECT ${counted('step BETWEEN @from AND @head - 1')} + ${counted('step BETWEEN @tail AND @to')} + (
         SELECT coalesce(sum(count), 0) FROM stretches WHERE run = @run AND key = @key AND start BETWEEN @head AND @tail - 1)`,
    )
    .pluck();
  const between = database.prepare<unknown[], MetricPoint>(
    'SELECT step, value FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @from AND @to ORDER BY step',
  );
  const extreme = (select: string, at: 'step' | 'start') =>
    database.prepare<[number, number, number, number], MetricPoint | { step: null }>(
      `SELECT ${select} WHERE run = ? AND key = ? AND ${at} BETWEEN ? AND ?`,
    );
  const extremes = {
    ofRows: (['min', 'max'] as const).map((of) => extreme(`step, ${of}(value) AS value FROM metrics`, 'step')),
    ofStretches: [
      extreme('low_step AS step, min(low) AS value FROM stretches', 'start'),
      extreme('high_step AS step, max(high) AS value FROM stretches', 'start'),
    ],
  };
  const testMetric = metricKeys.indexOf('test_metric');
  const firstAt = (good: '>=' | '<=') =>
    database
      .prepare<unknown[], number | null>(
        `SELECT min(step) FROM metrics WHERE run = @run AND key = ${testMetric} AND value ${good} @threshold`,
      )
      .pluck();
  const first = { accuracy: firstAt('>='), mae: firstAt('<=') };
  // in pages, since an open statement forbids writes
  const page = database
    .prepare<[number, number, number], [number, number, number]>(
      `SELECT key, step, value FROM metrics WHERE run = ? AND (key, step) > (?, ?) ORDER BY key, step LIMIT ${pageRows}`,
    )
    .raw();

  /**
   * A metric over a range of steps. With `points`, the result has at most about that many points: the range is divided into
   * points / 2 buckets of about equal size, and each contributes its lowest and its highest point, so that no peak is lost.
   */
  function curve(
    id: string,
    key: MetricKey,
    { points, from = 0, to = Number.MAX_SAFE_INTEGER }: CurveRange = {},
  ): Curve {
    const run = runKey.get(id);
    if (run === undefined) return { points: [], of: 0, seq: 0 };
    const asked = { run, key: metricKeys.indexOf(key), from, to };
    const { low, high, seq } = extent.get(asked)!;
    if (low === null) return { points: [], of: 0, seq };
    const range = { ...asked, from: low, to: high };
    const head = Math.min(stretchStart(low + stretchSteps - 1), high + 1);
    const of = count.get({ ...range, head, tail: Math.max(head, stretchStart(high + 1)) })!;
    return { points: points && of > points ? thinned(range, points) : between.all(range), of, seq };
  }

  type Range = Record<'run' | 'key' | 'from' | 'to', number>;

  /** Runs a query for each bucket, which scans in key order and is three times as fast as one query with GROUP BY. */
  function thinned({ run, key, from, to }: Range, points: number): MetricPoint[] {
    const buckets = Math.max(1, Math.floor(points / 2));
    const width = (to - from + 1) / buckets;
    const isWide = width >= stretchSteps; // then all buckets except the first and the last consist of whole stretches
    const edge = (bucket: number) => {
      const step = from + Math.ceil(bucket * width);
      return isWide && bucket > 0 && bucket < buckets ? stretchStart(step) : step;
    };
    return Array.from({ length: buckets }, (_, bucket) => {
      const inner = isWide && bucket > 0 && bucket < buckets - 1;
      const [a, b] = extremes[inner ? 'ofStretches' : 'ofRows'].map(
        (query) => query.get(run, key, edge(bucket), edge(bucket + 1) - 1)!,
      );
      if (a.step === null || b.step === null) return [];
      return a.step < b.step ? [a, b] : a.step > b.step ? [b, a] : [a];
    }).flat();
  }

  return {
    /** Adds rows. Call it inside a transaction. */
    put(run: number, rows: readonly MetricRow[]): void {
      const starts = metricKeys.map(() => new Set<number>());
      let values: number[] = [];
      for (const [name, step, value] of rows) {
        const key = metricKeys.indexOf(name);
        values.push(run, key, step, value);
        if (values.length === 4 * atOnce) {
          putMany.run(values);
          values = [];
        }
        starts[key].add(stretchStart(step));
      }
      for (let i = 0; i < values.length; i += 4) putOne.run(values.slice(i, i + 4));
      for (const [key, of] of starts.entries()) for (const start of of) stretches.refresh(run, key, start);
    },
    /** Deletes rows after `step`. A run that resumes there writes them again. */
    voidAfter(run: number, step: number): void {
      for (const key of metricKeys.keys()) {
        voidAfter.run(run, key, step);
        stretches.voidAfter(run, key, step);
      }
    },
    /** A metric over all steps; with `points`, thinned like a {@link curve}. */
    series: (id: string, key: MetricKey, points?: number): MetricPoint[] => curve(id, key, { points }).points,
    curve,
    /** The first step whose test metric is at least as good as a threshold; null if there is none. */
    firstStep(id: string, metric: MetricName, threshold: number): number | null {
      const run = runKey.get(id);
      return run === undefined ? null : first[metric].get({ run, threshold })!;
    },
    /** Streams all rows of a run in order of key and step. The store can be written to between two rows. */
    *rows(id: string): Generator<MetricRow> {
      const run = runKey.get(id);
      if (run === undefined) return;
      let last = [0, -1];
      for (;;) {
        const rows = page.all(run, last[0], last[1]);
        for (const [key, step, value] of rows) yield [metricKeys[key], step, value];
        if (rows.length < pageRows) return;
        last = rows[rows.length - 1];
      }
    },
  };
}
