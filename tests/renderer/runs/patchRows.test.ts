import { expect, test } from 'vitest';
import { patchRows } from '#renderer/runs/patchRows';
import { runRow } from './rows.ts';

const row = (id: string, step = 0) => runRow({}, { id, step });

test('changed rows keep their places, new rows come last, deleted rows disappear', () => {
  const next = patchRows([row('a'), row('b'), row('c')], [row('d', 1), row('b', 2)], ['a']);
  expect(next.map(({ id, step }) => [id, step])).toEqual([
    ['b', 2],
    ['c', 0],
    ['d', 1],
  ]);
});

test('rows that did not change stay the same objects, so that they are not drawn again', () => {
  const rows = [row('a'), row('b')];
  expect(patchRows(rows, [row('b', 1)], [])[0]).toBe(rows[0]);
});
