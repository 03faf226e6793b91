import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { configFields, parseConfig } from '#contract/config';
import type { MetricRow } from '#contract/run';
import { metricsCsv, runsCsv } from '#export/csv';
import { pieces } from '#export/file';
import { csvLine, joined } from '#formats/csv';
import { openStore } from '#store/store';

/** The text of a cell without the quote that keeps a spreadsheet from running it. */
const plainText = (cell: string): string =>
  cell.replace(/^'(?='*[=+\-@＝＋－＠\t\r])|(?<=[;\t\r\n])'(?='*[=+\-@＝＋－＠])/g, '');

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

it('any text round-trips: commas, quotes, line breaks, beginnings of formulas', () => {
  const letters = ['a', ',', '"', '\n', '\r', '\t', ' ', 'ü', '=', '-', "'", ';'];
  const value = fc.oneof(fc.string({ unit: fc.constantFrom(...letters) }), fc.integer(), fc.boolean());
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      const read = parseCsv(rows.map(csvLine).join('')).map((row) => row.map(plainText));
      expect(read).toEqual(rows.map((row) => row.map(String)));
    }),
    { seed: 1 },
  );
});

it('no text is a formula in a spreadsheet, whether cells are separated by commas, semicolons or tabs; numbers stay numbers', () => {
  const link = '=HYPERLINK("http://127.0.0.1/x","klick")';
  expect(csvLine([link, -0.5, -1e-7])).toBe(`"'${link.replaceAll('"', '""')}",-0.5,-1e-7\r\n`);
  expect(csvLine(['+1', '-1', '@SUM(A1)', '\tx', '＝1+1', "'=1", 'a-b', '1=1'])).toBe(
    "'+1,'-1,'@SUM(A1),'\tx,'＝1+1,''=1,a-b,1=1\r\n",
  );
  const cells = fc.string({ unit: fc.constantFrom('a', '=', '+', '-', '@', '\t', ';', '\n', "'", '"', ' ') });
  fc.assert(
    fc.property(cells, (text) => {
      for (const cell of csvLine([text]).split(/[;\n\t]/)) expect(cell).not.toMatch(/^"?[=+\-@]/);
    }),
    { seed: 1 },
  );
});

it('a tag with a space is distinguishable from two tags, in all lists', () => {
  const lists = [['a', 'b'], ['a b'], ['a', '', 'b'], ['"a"', 'b'], ['"a b"'], [], [''], [' a', 'b'], ['a\n', 'b']];
  for (const separator of [' ', '; ', ' | ']) {
    const cells = [...lists, [`a${separator}b`, 'c'], ['a', `b${separator}c`]].map((list) => joined(list, separator));
    expect(new Set(cells).size).toBe(cells.length);
  }
  expect([joined(['a', 'b'], ' '), joined(['a b'], ' ')]).toEqual(['a b', '"a b"']);
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '|', '\n') });
  const list = fc.array(text, { maxLength: 3 });
  fc.assert(
    fc.property(list, list, (one, other) => {
      for (const separator of [' ', ' | '])
        expect(joined(one, separator) === joined(other, separator)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { seed: 1 },
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

it('metric rows are made only as fast as they are read, at full resolution', async () => {
  let made = 0;
  function* rows(): Generator<MetricRow> {
    for (let step = 1; step <= 100_000; step++) {
      made = step;
      yield ['train_loss', step, 1 / step];
    }
  }
  let [taken, most] = [0, 0];
  let rest = '';
  for await (const chunk of Readable.from(pieces(metricsCsv([{ id: 'r', rows: rows() }])), { objectMode: false })) {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop()!;
    if (taken === 0) expect(lines[0]).toBe('run,key,step,value');
    for (const line of taken === 0 ? lines.slice(1) : lines) {
      const [id, key, step, value] = line.split(',');
      taken++;
      if (id !== 'r' || key !== 'train_loss' || Number(step) !== taken || Number(value) !== 1 / taken)
        expect.fail(`row ${taken} reads ${line}`);
    }
    most = Math.max(most, made - taken);
  }
  expect(taken).toBe(100_000);
  expect(most).toBeLessThan(20_000); // a few pieces of 64 kB
});
