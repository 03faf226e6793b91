/** CSV as RFC 4180 has it, streamed: runs as a table, metrics at full resolution. */
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { configFields } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { finalResult, type MetricRow, type Run } from '#contract/run';
import { type CsvValue, csvLine } from '#formats/csv';

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const resultFields = Object.keys(finalResult.shape) as (keyof typeof finalResult.shape)[];
const plain = (value: unknown): CsvValue =>
  value !== null && typeof value === 'object' ? JSON.stringify(value) : ((value ?? null) as CsvValue);

/** Columns of the run table: what a run is, its config, its result. */
const columns: [string, (run: Run) => CsvValue][] = [
  ['id', (run) => run.id],
  ['state', (run) => run.state],
  ['reason', (run) => run.reason?.message ?? null],
  ['created_at', (run) => time(run.createdAt)],
  ['started_at', (run) => time(run.startedAt)],
  ['ended_at', (run) => time(run.endedAt)],
  ['tags', (run) => run.tags.join(' ')],
  ['step', (run) => run.step],
  ['total_steps', (run) => run.totalSteps],
  ['used_device', (run) => run.device],
  ['trainable', (run) => run.trainable],
  ['total', (run) => run.total],
  ['deviations', (run) => run.deviations.map((d) => `${d.field}: ${d.text}`).join(' | ')],
  ...configFields.map((field): [string, (run: Run) => CsvValue] => [field, (run) => plain(run.config[field])]),
  ...resultFields.map((field): [string, (run: Run) => CsvValue] => [
    `result_${field}`,
    (run) => plain(run.result?.[field]),
  ]),
];

/** A record per run, after a header. */
export function* runsCsv(runs: Iterable<Run>): Generator<string> {
  yield csvLine(columns.map(([name]) => name));
  for (const run of runs) yield csvLine(columns.map(([, value]) => value(run)));
}

/** A record per metric row of the given runs, after the header run,key,step,value. */
export function* metricsCsv(runs: Iterable<{ id: string; rows: Iterable<MetricRow> }>): Generator<string> {
  yield csvLine(['run', 'key', 'step', 'value']);
  for (const { id, rows } of runs) for (const [key, step, value] of rows) yield csvLine([id, key, step, value]);
}

/** Lines joined into pieces that are worth a write each. */
function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length > 65536) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

/** Writes lines to a file, whole or not at all; `-` is standard output. Throws `disk`. */
export async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const source = Readable.from(pieces(lines), { objectMode: false });
  if (path === '-') return pipeline(source, process.stdout, { end: false });
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(source, createWriteStream(draft));
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new PermafrostError(
      'disk',
      `${path} could not be written: ${(cause as Error).message}. Choose another place.`,
      { cause },
    );
  }
}
