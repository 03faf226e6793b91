/** Streams runs and metrics as CSV (RFC 4180). */
import { configFields } from '#contract/config';
import { finalResult, type MetricRow, type Run } from '#contract/run';
import { type CsvValue, csvLine, joined } from '#formats/csv';

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const resultFields = Object.keys(finalResult.shape) as (keyof typeof finalResult.shape)[];
const plain = (value: unknown): CsvValue =>
  value !== null && typeof value === 'object' ? JSON.stringify(value) : ((value ?? null) as CsvValue);

/** Columns of runs.csv: the run, its config, its result. */
const columns: [string, (run: Run) => CsvValue][] = [
  ['id', (run) => run.id],
  ['state', (run) => run.state],
  ['reason', (run) => run.reason?.message ?? null],
  ['created_at', (run) => time(run.createdAt)],
  ['started_at', (run) => time(run.startedAt)],
  ['ended_at', (run) => time(run.endedAt)],
  ['tags', (run) => joined(run.tags, ' ')],
  ['step', (run) => run.step],
  ['total_steps', (run) => run.totalSteps],
  ['used_device', (run) => run.device],
  ['trainable', (run) => run.trainable],
  ['total', (run) => run.total],
  [
    'deviations',
    (run) =>
      joined(
        run.deviations.map((d) => `${d.field}: ${d.text}`),
        ' | ',
      ),
  ],
  ...configFields.map((field): [string, (run: Run) => CsvValue] => [field, (run) => plain(run.config[field])]),
  ...resultFields.map((field): [string, (run: Run) => CsvValue] => [
    `result_${field}`,
    (run) => plain(run.result?.[field]),
  ]),
];

export const runHeader: string[] = columns.map(([name]) => name);
export const runRecord = (run: Run): CsvValue[] => columns.map(([, value]) => value(run));

/** A header, then a record for each run. */
export function* runsCsv(runs: Iterable<Run>): Generator<string> {
  yield csvLine(runHeader);
  for (const run of runs) yield csvLine(runRecord(run));
}

/** A header, then a record for each metric row of the runs, at full resolution. */
export function* metricsCsv(runs: Iterable<{ id: string; rows: Iterable<MetricRow> }>): Generator<string> {
  yield csvLine(['run', 'key', 'step', 'value']);
  for (const { id, rows } of runs) for (const [key, step, value] of rows) yield csvLine([id, key, step, value]);
}
