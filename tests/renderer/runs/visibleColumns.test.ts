import { describe, expect, test } from 'vitest';
import { leastWidth, visibleColumns } from '#renderer/runs/visibleColumns';
import { runRow } from './rows.ts';

const rows = [0, 1, 2].map((seed) => runRow({ task: 'bit-xor', seed }, { best: 0.9 + seed / 100 }));
const shown = (more: Partial<Parameters<typeof visibleColumns>[0]> = {}) =>
  visibleColumns({ chosen: null, rows, grouped: false, width: 0, ...more });
const labels = (more: Parameters<typeof shown>[0] = {}) => shown(more).columns.map(({ label }) => label);

describe('the default columns', () => {
  test('show the seed of each run; values that all rows share stand above the table', () => {
    expect(labels()).toEqual(['Name', 'Seed', 'State', 'Final', 'Best']);
    expect(shown().common).toBe('task bit-xor, model gpt2, regime FPT, last 100 0.9300, duration 1 h 00 min');
  });

  test('a column comes back when rows differ in it, and a table of one run hides none', () => {
    expect(labels({ rows: [...rows, runRow({ seed: 1 })] })).toContain('Task');
    expect(labels({ rows: rows.slice(0, 1) })).toEqual(
      expect.arrayContaining(['Task', 'Model', 'Regime', 'Duration', 'Tags']),
    );
  });

  test('the least important columns go until all fit', () => {
    const differing = rows.map((row, i) => ({
      ...row,
      ...{ task: `task ${i}`, model: `m ${i}`, regime: i ? 'FPT' : 'URT', recent: i, seconds: 60 * i, tags: [`${i}`] },
    })) as typeof rows;
    expect(labels({ rows: differing })).toHaveLength(11);
    for (const width of [400, 640, 900]) {
      const { columns } = shown({ rows: differing, width });
      expect(leastWidth(columns)).toBeLessThanOrEqual(width);
      expect(columns.slice(0, 1).map(({ id }) => id)).toEqual(['name']);
    }
    expect(labels({ rows: differing, width: 500 })).toEqual(['Name', 'Seed', 'State', 'Final']);
    expect(labels({ rows: differing, width: 672 })).toEqual(['Name', 'Seed', 'State', 'Task', 'Final', 'Best']);
  });

  test('groups show the number of their runs, and runs in a group show their seed next to the name', () => {
    expect(labels({ grouped: true })).toEqual(['Name', 'n', 'State', 'Final', 'Best']);
    expect(shown({ grouped: true }).ids).toContain('seed');
  });
});

test('columns that the user has chosen are shown even if all rows are equal', () => {
  expect(labels({ chosen: ['name', 'task', 'regime'], width: 100 })).toEqual(['Name', 'Task', 'Regime']);
  expect(shown({ chosen: ['name', 'task'] }).common).toBe('');
});
