import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configFields, parseConfig } from '#contract/config';
import type { MetricRow } from '#contract/run';
import { metricsCsv, runsCsv, writeLines } from '#export/csv';
import { csvLine } from '#formats/csv';
import { openStore } from '#store/store';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** RFC 4180, strictly: the records of a text. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"/y;
    const bare = /[^",\r\n]*/y;
    quoted.lastIndex = bare.lastIndex = at;
    const match = text[at] === '"' ? quoted.exec(text) : bare.exec(text);
    record.push(text[at] === '"' ? match![1].replaceAll('""', '"') : match![0]);
    at += match![0].length;
    if (text[at] === ',') at++;
    else {
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      records.push(record);
      record = [];
    }
  }
  return records;
}

it('any text comes back, with commas, quotes and line breaks', () => {
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ü') }),
    fc.integer(),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      expect(parseCsv(rows.map(csvLine).join(''))).toEqual(rows.map((row) => row.map(String)));
    }),
  );
});

it('the run table has every config field, the result, and a reason with a comma and quotes', async () => {
  const store = await openStore(':memory:');
  const config = parseConfig({ task: 'mnist', patch_size: 4, in_layer_sizes: [32, 16], name: 'a "name", quoted' });
  store.runs.add({ id: 'r', config, createdAt: 0 }, 'queued');
  store.runs.settle('r', 'crashed', { code: 'crashed', message: 'it said "no",\nand left' }, 60_000);
  const [header, record] = parseCsv([...runsCsv(store.runs.list())].join(''));
  const row = Object.fromEntries(header.map((name, i) => [name, record[i]]));
  for (const field of configFields) expect(header).toContain(field);
  expect(row).toMatchObject({
    id: 'r',
    state: 'crashed',
    reason: 'it said "no",\nand left',
    ended_at: '1970-01-01T00:01:00.000Z',
    name: 'a "name", quoted',
  });
  expect(row).toMatchObject({ in_layer_sizes: '[32,16]', patch_size: '4', n: '', result_value: '' });
});

it('a million metric rows are streamed into a file in seconds, at full resolution', async () => {
  function* rows(): Generator<MetricRow> {
    for (let step = 1; step <= 1_000_000; step++) yield ['train_loss', step, 1 / step];
  }
  const path = join(folder, 'metrics.csv');
  const start = performance.now();
  await writeLines(path, metricsCsv([{ id: 'r', rows: rows() }]));
  expect(performance.now() - start).toBeLessThan(20_000);
  const lines = readFileSync(path, 'utf8').split('\r\n');
  expect(lines).toHaveLength(1_000_002);
  expect(lines[0]).toBe('run,key,step,value');
  expect(Number(lines[3].split(',')[3])).toBe(1 / 3);
});

it('a file that cannot be finished leaves nothing behind, and what was there before as it was', async () => {
  function* broken(): Generator<string> {
    yield 'x'.repeat(100_000);
    throw new Error('the source broke');
  }
  const path = join(folder, 'out.csv');
  await writeLines(path, ['before']);
  await expect(writeLines(path, broken())).rejects.toThrow(/out\.csv could not be written: the source broke/);
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['out.csv']);
  await expect(writeLines(join(folder, 'missing/out.csv'), ['x'])).rejects.toThrow(/could not be written/);
  expect(existsSync(join(folder, 'missing'))).toBe(false);
});
