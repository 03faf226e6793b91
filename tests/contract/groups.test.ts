/** Grouping and comparing runs by their configs. */
import { describe, expect, test } from 'vitest';
import { configDiff } from '#contract/configDiff';
import { groupKey, meanOf } from '#contract/groups';
import { runRow } from '../renderer/runs/rows.ts';

describe('grouping', () => {
  test('ignores only seeds, names and devices', () => {
    const base = groupKey(runRow());
    expect(groupKey(runRow({ seed: 5, name: 'other', device: 'cpu' }))).toBe(base);
    expect(groupKey(runRow({ learning_rate: 0.5 }))).not.toBe(base);
    expect(groupKey({ settings: { task: 'mnist', n: 3 } })).toBe(groupKey({ settings: { n: 3, task: 'mnist' } }));
  });

  test('gives the mean over seeds with Student’s interval, within the range of the metric', () => {
    const values = [0.499, 0.5, 0.501];
    const rows = values.map((value, seed) => runRow({ seed }, { value, standardError: 0 }));
    const mean = meanOf(rows, 'value')!;
    expect(mean.n).toBe(3);
    expect(mean.mean).toBeCloseTo(0.5, 12);
    expect(mean.high - mean.mean).toBeCloseTo((4.3027 * 0.001) / Math.sqrt(3), 5); // t of 2 degrees at 97.5 %
    const perfect = [1, 0.99, 1].map((value, seed) => runRow({ seed }, { value, standardError: 0 }));
    expect(meanOf(perfect, 'value')!.high).toBeLessThanOrEqual(1);
  });

  test('counts only the runs that have the metric, and is null without any', () => {
    expect(meanOf([runRow(), runRow({}, { value: null })], 'value')!.n).toBe(1);
    expect(meanOf([runRow({}, { value: null })], 'value')).toBeNull();
  });
});

describe('the config diff', () => {
  test('has the fields that differ, with defaults filled in, and no others', () => {
    const rows = [runRow({ learning_rate: 0.1, seed: 1 }), runRow({ seed: 1 })];
    expect(configDiff(rows)).toEqual([{ field: 'learning_rate', label: 'Learning rate', values: [0.1, 0.001] }]);
  });
  test('compares lists item by item', () => {
    expect(configDiff([runRow({ in_layer_sizes: [4, 5] }), runRow({ in_layer_sizes: [4, 5] })])).toEqual([]);
    expect(configDiff([runRow({ in_layer_sizes: [4, 5] }), runRow()])).toHaveLength(1);
  });
});
