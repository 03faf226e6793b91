/** Sorting rows of runs and their groups. */
import { describe, expect, test } from 'vitest';
import { groupRuns } from '#contract/groups';
import { configColumns, runColumns } from '#renderer/runs/columns';
import { sortGroups } from '#renderer/runs/groups';
import { pressed, readSort, sortRows, sortText } from '#renderer/runs/sort';
import { runRow } from './rows.ts';

describe('sorting', () => {
  const rows = [
    runRow({ seed: 2 }, { value: 0.5 }),
    runRow({ seed: 10 }, { value: null }),
    runRow({ seed: 1, task: 'bit-xor' }, { value: 0.5 }),
  ];
  const seeds = (text: string) => sortRows(rows, readSort(text)).map((row) => row.seed);

  test('goes by the first column and, among equals, by the next', () => {
    expect(seeds('value,-seed')).toEqual([2, 1, 10]);
    expect(seeds('value,seed')).toEqual([1, 2, 10]);
    expect(seeds('task,-seed')).toEqual([1, 10, 2]);
  });
  test('puts missing values last in both directions', () => {
    expect(seeds('value').at(-1)).toBe(10);
    expect(seeds('-value').at(-1)).toBe(10);
  });
  test('without keys keeps the order', () => expect(seeds('')).toEqual([2, 10, 1]));

  test('a repeated click on a header reverses the order, then ends it; with shift it adds a column', () => {
    const once = pressed([], 'value', true, false);
    expect(sortText(once)).toBe('-value');
    const twice = pressed(once, 'value', true, false);
    expect(sortText(twice)).toBe('value');
    expect(pressed(twice, 'value', true, false)).toEqual([]);
    expect(sortText(pressed(once, 'name', false, true))).toBe('-value,name');
    expect(sortText(pressed(once, 'name', false, false))).toBe('name');
  });
  test('an address with an unknown column is read without it', () => {
    expect(sortText(readSort('-value,nothing,name'))).toBe('-value,name');
  });
});

describe('grouping', () => {
  test('sorts groups by their means and the runs inside by themselves', () => {
    const rows = [
      runRow({ seed: 1 }, { value: 0.2 }),
      runRow({ seed: 2 }, { value: 0.4 }),
      runRow({ task: 'bit-xor', seed: 3 }, { value: 0.35 }),
    ];
    const sorted = sortGroups(groupRuns(rows), readSort('-value'));
    expect(sorted.map((group) => group.rows.map((row) => row.seed))).toEqual([[3], [2, 1]]);
  });
});

test('every column shows and sorts a run that has just been queued', () => {
  const empty = { value: null, best: null, last: null, recent: null, device: null, trainable: null, total: null };
  const row = runRow({}, { ...empty, state: 'queued', startedAt: null, endedAt: null, seconds: 0 });
  for (const column of [...runColumns, ...configColumns]) {
    expect(column.text(row), column.id).not.toMatch(/null|NaN|undefined/);
    expect(() => column.value(row)).not.toThrow();
  }
});
