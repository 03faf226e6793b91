import { expect, test } from 'vitest';
import { defaultTolerance, type Judgement, type TableState } from '#contract/tableState';
import { tableOf } from '#papers/published';
import { tableSvg } from '#pictures/tableSvg';

const table = { ...tableOf('fpt-t2'), title: 'What the body <was> pretrained on' };
const judgement: Judgement = {
  verdict: 'reproduced',
  mean: 0.7561,
  low: 0.7412,
  high: 0.771,
  seeds: 3,
  moreSeeds: null,
  tolerance: 0.02,
  p: 0.03,
  stands: false,
};
const state: TableState = {
  ...{ table, profile: 'paper', tolerance: defaultTolerance, weightsAndScore: [] },
  contrasts: [
    {
      ...{ row: 'mnist', columns: 'Language over Random', metric: 'accuracy', verdict: 'helps', unlike: [] },
      ...{ p: 0.001, stands: true, tolerance: 0.02 },
      difference: { gain: 0.02, low: 0.01, high: 0.03, error: 0.004, degrees: 4, pairs: null },
    },
    {
      ...{ row: 'cifar10', columns: 'Language over Random', metric: 'accuracy', verdict: 'not compared' },
      ...{ difference: null, p: null, stands: null, tolerance: null, unlike: ['Layers 3 against none'] },
    },
  ],
  results: table.cells.map((cell) => ({
    ...{ cell, needs: cell.beyond, notes: [], floor: null, onFloor: false },
    ...{ metric: 'accuracy', runs: [], averages: null, outlook: null, steps: null, best: null, judgement },
  })),
};

test('the picture has every number, verdict, contrast, source and the date, and its text is escaped', () => {
  const { svg, width, height } = tableSvg(state, '2026-11-26 02:30');
  expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
  expect(svg).toContain('>What the body &lt;was&gt; pretrained on<');
  for (const text of [
    ...['Language', 'Bit memory', 'cifar10-gray', 'Paper 0.758†', 'Ours 0.7561 (0.741 … 0.771), 3 seeds'],
    ...['>reproduced ~<', '>not run here<', '+0.02 accuracy (0.01 … 0.03)  helps'],
    ...['cifar10  Language over Random  not compared: Layers 3 against none', 'does not survive Holm’s correction'],
    ...['† second-hand', 'arXiv 2103.05247 v2, Table 2', 'accuracy within 2 points', 'profile paper, 2026-11-26 02:30'],
  ])
    expect(svg).toContain(text);
});

test('no text of a column reaches into the next one', () => {
  const texts = [...tableSvg(state, '').svg.matchAll(/<text x="(\d+)" y="([\d.]+)"[^>]*>([^<]*)</g)];
  const cells = texts.filter(([, , , text]) => /^(Paper|Ours) [\d.]+/.test(text));
  const lefts = [...new Set(cells.map(([, x]) => Number(x)))].sort((a, b) => a - b);
  expect(lefts).toHaveLength(4);
  for (const [, x, , text] of cells) {
    const next = lefts[lefts.indexOf(Number(x)) + 1] ?? Number.POSITIVE_INFINITY;
    expect(Number(x) + 6.6 * text.length, text).toBeLessThan(next);
  }
});
