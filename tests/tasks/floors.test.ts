import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { sitsOnFloor } from '#contract/floor';
import { majorityFloor, sumFloor } from '#tasks/floors';
import { taskOf } from '#tasks/index';

const floorOf = (params: object, counts: number[] | null = null) => {
  const config = parseConfig(params as { task: string });
  return taskOf(config).floor(config, counts);
};
/** Labels of the 10,000 official MNIST test images. */
const mnistCounts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];

it.each([
  [2, 2.96],
  [10, 6.55],
  [100, 20.56], // sampled; ours is exact
])('the best constant sum of %i digits 0 … 8 is off by about %f', (n, error) => {
  expect(Math.abs(floorOf({ task: 'digit-add', n })!.value / error - 1)).toBeLessThan(0.003);
});

it('the best constant sum of ten MNIST digits is 44, off by 7.346, for classes and regression alike', () => {
  for (const task of ['mnist-add', 'mnist-add-reg']) {
    const floor = floorOf({ task, n: 10 }, mnistCounts)!;
    expect(floor.value).toBeCloseTo(7.346, 3);
    expect(floor.predictor).toBe('always 44');
  }
});

it('a constant sum does as well as brute force says', () => {
  const counts = [1, 5, 2];
  const sums: number[] = [];
  counts.forEach((a, i) => {
    counts.forEach((b, j) => {
      for (let k = 0; k < a * b; k++) sums.push(i + j);
    });
  });
  const errors = [0, 1, 2, 3, 4].map((c) => sums.reduce((e, sum) => e + Math.abs(sum - c), 0) / sums.length);
  expect(sumFloor(counts, 2)!.value).toBeCloseTo(Math.min(...errors), 12);
});

it('the most frequent class is named with its share', () => {
  expect(floorOf({ task: 'mnist', patch_size: 4 }, mnistCounts)).toEqual({
    value: 0.1135,
    predictor: 'always class 1',
  });
  expect(floorOf({ task: 'cyp3a4' }, [1486, 980])!.value).toBeCloseTo(0.6026, 4);
  expect(majorityFloor(null)).toBeNull();
});

it.each([
  { task: 'bit-xor', n: 5, num_patterns: 2 },
  { task: 'bit-memory', n: 10, num_patterns: 2 },
])('half of the bits of $task are right by saying always the same', (params) => {
  expect(floorOf(params)!.value).toBe(0.5);
});

it.each([
  ['accuracy', 0.61, true],
  ['accuracy', 0.757, false],
  ['accuracy', 0.5, true],
] as const)('an %s of %f on a floor of 0.6026: sits on it %s', (metric, value, sits) => {
  expect(sitsOnFloor({ metric, value }, { value: 0.6026, predictor: '' }, 0.02)).toBe(sits);
});

it.each([
  [7.69, true],
  [7.29, true],
  [3.4, false],
])('a mean absolute error of %f on a floor of 7.34: sits on it %s', (value, sits) => {
  expect(sitsOnFloor({ metric: 'mae', value }, { value: 7.34, predictor: '' }, 0.734)).toBe(sits);
});
