/** Means of runs by config, as files. */
import { expect, it } from 'vitest';
import { latex } from '#export/latex';
import { markdown } from '#export/markdown';
import { meansCsv, meansDocument } from '#export/means';
import { runRow } from '../renderer/runs/rows.ts';

const of = (learning_rate: number, values: (number | null)[], more = {}) =>
  values.map((value, seed) =>
    runRow(
      { learning_rate, patch_size: 7, seed, name: `lr ${learning_rate}`, ...more },
      { id: `m-${learning_rate}-${seed}`, value, standardError: 0 },
    ),
  );
const rows = [...of(0.1, [0.5, 0.5]), ...of(0.01, [0.92, 0.94, null])];

it('each config has a record with the differing fields, its mean, interval, seeds and runs', () => {
  expect([...meansCsv(rows)]).toEqual([
    'learning_rate,metric,mean,low_95,high_95,seeds,runs\r\n',
    '0.1,accuracy,0.5,0.5,0.5,2,m-0.1-0 m-0.1-1\r\n',
    expect.stringMatching(/^0\.01,accuracy,0\.9[23]\d*,0\.7\d*,0\.99\d*,2,m-0\.01-0 m-0\.01-1 m-0\.01-2\r\n$/),
  ]);
});

it('a document says how many seeds have a result, which mean is best and which settings all runs share', () => {
  const text = markdown(meansDocument(rows, '2026-11-26'));
  expect(text).toContain('| Learning rate | Mean accuracy | Seeds |\n| ---: | ---: | ---: |');
  expect(text).toContain('| 0.1 | 0.5 | 2 |');
  expect(text).toMatch(/\| 0\.01 \| 0\.93 \(0\.7\d? … (1|0\.99)\)\[\^1\] \| 2 of 3 \|/);
  expect(text).toContain('[^1]: The best mean.');
  expect(text).toMatch(/## Settings of all runs\n\n- task = mnist, patch\\?_size = 7/);
  expect(latex(meansDocument(rows, '2026-11-26'))).toMatch(
    /0\.01 & 0\.93 \(0\.7\d? \\ldots\{\} (1|0\.99)\)\\textsuperscript\{1\} & 2 of 3/,
  );
});

it('the lowest error is best, and different metrics have no best', () => {
  const errors = rows.map((row) => ({ ...row, metric: 'mae' as const }));
  expect(markdown(meansDocument(errors, ''))).toContain('| 0.1 | 0.5[^1] | 2 |');
  const mixed = [...of(0.1, [0.5]), ...errors.slice(2)];
  const text = markdown(meansDocument(mixed, ''));
  expect(text).toContain('| Learning rate | Metric | Mean | Seeds |');
  expect(text).not.toContain('The best mean.');
});

it('a single config has no best mark, and no runs make an empty table', () => {
  expect(markdown(meansDocument(of(0.1, [0.5, 0.6]), ''))).not.toContain('[^1]');
  expect([...meansCsv([])]).toHaveLength(1);
  expect(markdown(meansDocument([], ''))).toContain('Means over seeds');
});

it('the interval of a single seed is not presented as one over seeds', () => {
  const text = markdown(meansDocument([...of(0.1, [0.5]), ...of(0.3, [0.4, 0.6])], ''));
  expect(text.match(/One seed: the interval shows only evaluation noise\./g)).toHaveLength(1);
});

it('the task comes first, and a dash marks a setting that a task does not have', () => {
  const tasks = [...of(0.1, [0.5]), ...of(0.1, [0.7], { task: 'bit-xor', patch_size: null, n: 5 })];
  expect(markdown(meansDocument(tasks, ''))).toMatch(
    /\| Task \|.*Patch size.*\n.*\n\| mnist \|.*\| 7 \|.*\n\| bit-xor \|.*\| – \|/,
  );
});
