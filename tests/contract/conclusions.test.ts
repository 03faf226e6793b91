import { expect, it } from 'vitest';
import { conclusionTexts } from '#contract/conclusions';
import type { Contrast } from '#contract/tableState';

const contrast = (row: string, verdict: Contrast['verdict'], gain = 0.1, more: Partial<Contrast> = {}): Contrast => ({
  row,
  columns: 'FPT over FRT',
  metric: 'accuracy',
  verdict,
  difference: { gain, low: gain - 0.02, high: gain + 0.02, error: 0.01, degrees: 4, pairs: null },
  unlike: [],
  p: 0.01,
  stands: true,
  tolerance: 0.02,
  ...more,
});

it('lists the rows on which a column is better, with gains and intervals', () => {
  expect(conclusionTexts([contrast('bit-memory', 'helps'), contrast('MNIST', 'helps', 0.03)])).toEqual([
    'FPT does better than FRT on bit-memory (+0.1, 0.08 … 0.12) and MNIST (+0.03, 0.01 … 0.05).',
  ]);
});

it('says that the answer depends on the row if verdicts disagree, and orders the verdicts', () => {
  const rows = [
    contrast('a', "can't tell yet", 0.01),
    contrast('b', 'harms', -0.1),
    contrast('c', 'helps'),
    contrast('d', 'no difference', 0),
    contrast('e', 'helps', 0.2, { stands: false }),
  ];
  expect(conclusionTexts(rows)).toEqual([
    'FPT does better than FRT on c (+0.1, 0.08 … 0.12) and e (+0.2, 0.18 … 0.22, not after Holm’s correction); ' +
      'does worse than it on b (-0.1, -0.12 … -0.08); does as well as it, within the tolerance, on d (0, -0.02 … 0.02); ' +
      'no decision yet on a (+0.01, -0.01 … 0.03). Which of them is better depends on the row.',
  ]);
});

it('names both columns if no row is decided', () => {
  expect(conclusionTexts([contrast('a', "can't tell yet", 0.01)])).toEqual([
    'No decision yet between FPT and FRT on a (+0.01, -0.01 … 0.03).',
  ]);
});

it('has a sentence for each pair of columns, and none for columns that are not comparable', () => {
  const others = { columns: 'URT over FPT' };
  expect(
    conclusionTexts([
      contrast('a', 'helps'),
      contrast('a', 'harms', -0.1, others),
      contrast('b', 'not compared', 0, { columns: 'URT over FRT', difference: null, unlike: ['Batch size'] }),
    ]),
  ).toEqual([
    'FPT does better than FRT on a (+0.1, 0.08 … 0.12).',
    'URT does worse than FPT on a (-0.1, -0.12 … -0.08).',
  ]);
});
