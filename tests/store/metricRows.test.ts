/** Every metric row of a run, read while the store continues to write. */
import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { type JournalEntry, type MetricRow, metricKeys } from '#contract/run';
import { openStore } from '#store/store';

const config = parseConfig({ task: 'mnist', patch_size: 4, num_iters: 300, steps_per_iter: 10 });
const rowsOf = (from: number, to: number): MetricRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => metricKeys.map((key): MetricRow => [key, from + i, i / 3])).flat();

it('the store stays writable while an export is half read', async () => {
  const store = await openStore(':memory:');
  store.runs.add({ id: 'one', config, createdAt: 1 }, 'queued');
  store.runs.add({ id: 'two', config, createdAt: 2 }, 'queued');
  const entry = (seq: number, from: number, to: number): JournalEntry => ({
    ...{ seq, at: seq },
    body: { kind: 'metrics', rows: rowsOf(from, to) },
  });
  store.apply('one', [entry(1, 1, 1500)]);
  store.apply('two', [entry(1, 1, 5)]);
  const rows = store.metrics.rows('one');
  const read = [rows.next().value];
  store.runs.note('two', 'written meanwhile');
  store.apply('one', [entry(2, 1501, 1502)]);
  for (const row of rows) read.push(row);
  const keyOrder = (row: MetricRow) => metricKeys.indexOf(row[0]);
  const all = [...rowsOf(1, 1500), ...rowsOf(1501, 1502)];
  expect(read).toEqual(all.toSorted((a, b) => keyOrder(a) - keyOrder(b) || a[1] - b[1]));
  expect([...store.metrics.rows('two')]).toHaveLength(5 * metricKeys.length);
  store.close();
});
