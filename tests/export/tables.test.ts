/** Exported tables, compared byte for byte with the files in tests/fixtures/exports. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Cell, Published } from '#contract/paperTable';
import type { RunRow } from '#contract/runRow';
import type { CellResult, TableState } from '#contract/tableState';
import { latex } from '#export/latex';
import { markdown } from '#export/markdown';
import { resultRunsCsv, resultsCsv, tableDocument } from '#export/tables';
import { openStore } from '#store/store';

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/exports', name);

const published: Published = {
  ...{ metric: 'accuracy', value: 0.9815, spread: 0.0021, runs: 3 },
  ...{ source: 'Lu & al. <2021>, Table_1, 5 % of $x^2$ {a|b} ~ #1', certainty: 'second-hand', note: 'As printed.' },
};
const notebook: Published = { ...published, spread: null, source: 'notebook', certainty: 'read', note: undefined };
const cell = (row: string, column: string, rest: Partial<Cell> = {}): Cell => ({
  ...{
    id: `t/${row}/${column}`,
    row,
    column,
    params: {},
    published,
    resultIs: 'final',
    threshold: null,
    swept: [],
    bestOf: [],
    seeds: 3,
    like: null,
    beside: [],
    beyond: null,
  },
  ...rest,
});
const runRow = (id: string, seed: number) => ({ id, seed, name: id }) as RunRow;
const judged = {
  mean: 0.97912,
  low: 0.971234,
  high: 0.987006,
  seeds: 2,
  moreSeeds: null,
  tolerance: 0.02,
  p: 0.03,
  stands: false,
} as const;
const none = {
  mean: null,
  low: null,
  high: null,
  seeds: 0,
  moreSeeds: 3,
  tolerance: 0.02,
  p: null,
  stands: null,
} as const;
const result = (rest: Pick<CellResult, 'cell' | 'judgement'> & Partial<CellResult>): CellResult => ({
  ...{ needs: null, notes: [], floor: null, onFloor: false, metric: 'accuracy', runs: [] },
  ...{ averages: null, outlook: null, steps: null, best: null },
  ...rest,
});

const state: TableState = {
  table: {
    id: 't-1',
    title: 'Is it_so? 100 %',
    note: 'Settings are open.',
    contrasts: [['A', 'B']],
    varies: [],
    comparesWeights: false,
    settings: [],
    cells: [],
  },
  weightsAndScore: [],
  profile: 'paper',
  tolerance: { accuracy: 0.02, mae: 0.1 },
  results: [
    result({
      cell: cell('mnist', 'A', { beside: [notebook] }),
      judgement: { ...judged, verdict: 'reproduced' },
      runs: [runRow('mnist-aaaaaa', 0), runRow('mnist-bbbbbb', 1)],
      floor: { value: 0.1135, predictor: 'always predict class 1' },
    }),
    result({
      cell: cell('mnist', 'B', { published: null }),
      judgement: { ...judged, verdict: 'no published number', p: null, stands: null },
    }),
    result({
      cell: cell('bit_xor', 'A', { published: { ...notebook, value: 0.5 } }),
      judgement: { ...none, verdict: "can't tell yet" },
      floor: { value: 0.5, predictor: 'the mean' },
      onFloor: true,
    }),
    result({
      cell: cell('bit_xor', 'B', { published: notebook }),
      judgement: { ...none, verdict: "can't tell yet" },
      needs: 'needs a download: permafrost zoo pull gpt2',
      notes: ['a smaller body, 100 steps'],
    }),
  ],
  contrasts: [
    {
      ...{ row: 'mnist', columns: 'A over B', metric: 'accuracy', verdict: 'helps', unlike: [] },
      ...{ p: 0.004, stands: true, tolerance: 0.02 },
      difference: { gain: 0.0123, low: 0.004, high: 0.0206, error: 0.003, degrees: 4, pairs: null },
    },
    {
      ...{ row: 'bit_xor', columns: 'A over B', metric: 'accuracy', verdict: 'not compared', difference: null },
      ...{ p: null, stands: null, tolerance: null, unlike: ['Iterations 250 against 350'] },
    },
  ],
};

it('Markdown has a line per cell, escaped, with sources as footnotes', async () => {
  const text = markdown(tableDocument(state, '2026-11-26'));
  await expect(text).toMatchFileSnapshot(fixture('table.md'));
  const bars = text.split('\n').flatMap((line) => (line.startsWith('|') ? line.match(/(?<!\\)\|/g)!.length : []));
  expect(new Set(bars)).toEqual(new Set([9])); // the same columns in every line, whatever the texts hold
});

it('a table without published numbers has no columns for them and for verdicts', () => {
  const own = {
    ...state,
    results: [
      result({
        cell: cell('mnist', 'A', { published: null }),
        judgement: { ...judged, verdict: 'no published number', p: null, stands: null },
      }),
    ],
  };
  const { header, rows } = tableDocument(own, '2026-11-26');
  expect(header.map(({ text }) => text)).toEqual(['Row', 'Column', 'Metric', 'Floor', 'Ours (95 % interval, seeds)']);
  expect(rows.map((row) => row.map(({ text }) => text))).toEqual([
    ['mnist', 'A', 'accuracy', '', '0.9791 (0.971 … 0.987, n = 2)'],
  ]);
});

it('LaTeX has the same lines, with escaped commands', async () => {
  const text = latex(tableDocument(state, '2026-11-26'));
  await expect(text).toMatchFileSnapshot(fixture('table.tex'));
  const lines = text.split('\n').filter((line) => line.endsWith(' \\\\'));
  expect(lines).toHaveLength(5);
  for (const line of lines) expect(line.match(/(?<!\\)&/g), line).toHaveLength(7);
  const bare = text.replace(/\\[#%&$_{}]|\$\\?[\w-]+\$|\$\^\d\$/g, '').replace(/^%.*$/m, '');
  expect(bare).not.toMatch(/[#%$_~^]|[^\x20-\x7e\n]/);
});

it('LaTeX stacks a heading that is longer than its cells, shrinks a wide table, and writes a minus before a number', () => {
  const text = latex({
    ...{ id: 'wide', title: 'Wide', caption: 'Made 2026-11-26.', footnotes: [] },
    header: [{ text: 'Freeze all positions', isNumber: true }],
    rows: [[{ text: '-0.5 (gpt-2)', marks: [] }]],
    sections: [{ title: 'Gain', lines: ['FPT over FRT  -0.01 (-0.02 … 0)'] }],
  });
  expect(text).toContain('\\shortstack[r]{Freeze all\\\\positions} \\\\');
  expect(text).toContain('    $-$0.5 (gpt-2) \\\\');
  expect(text).toContain('$-$0.01 ($-$0.02 \\ldots{} 0)');
  expect(text).toContain('2026-11-26');
  const packages = [...text.split('\n')[0].matchAll(/\\usepackage\{(\w+)\}/g)].map(([, name]) => name);
  expect(packages).toEqual(['booktabs', 'graphicx']);
  expect(text).toContain('\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}');
});

it('one CSV has a record for each cell, another a record for each run with its cell', async () => {
  await expect([...resultsCsv(state)].join('')).toMatchFileSnapshot(fixture('table.csv'));
  const store = await openStore(':memory:');
  for (const [seed, id] of ['mnist-aaaaaa', 'mnist-bbbbbb'].entries())
    store.runs.add({ id, config: parseConfig({ task: 'mnist', patch_size: 4, seed }), createdAt: 0 }, 'queued');
  const [header, ...records] = [...resultRunsCsv(state, store.runs.get)];
  expect(header).toMatch(/^cell,row,column,profile,id,state,/);
  expect(records.map((record) => record.slice(0, 36))).toEqual([
    't/mnist/A,mnist,A,paper,mnist-aaaaaa',
    't/mnist/A,mnist,A,paper,mnist-bbbbbb',
  ]);
  store.close();
});
