import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { sitsOnFloor } from '#contract/floor';
import { majorityFloor, sumFloor } from '#tasks/floors';
import { taskOf } from '#tasks/index';
import { listopsSymbols } from '#tasks/listops';
import { makeExpressions } from '#zoo/listops';

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
])('the best constant sum of %i digits 0 … 8 is off by about %f; one that adds the last digit by less', (n, error) => {
  const constant = sumFloor(new Array(9).fill(1), n)!.value;
  expect(Math.abs(constant / error - 1)).toBeLessThan(0.003);
  const floor = floorOf({ task: 'digit-add', n })!;
  expect(floor.value).toBeCloseTo(sumFloor(new Array(9).fill(1), n - 1)!.value, 12);
  expect(floor.value).toBeLessThan(constant);
});

it('the best constant sum of ten MNIST digits is 44, off by 7.346, for classes and regression alike', () => {
  for (const task of ['mnist-add', 'mnist-add-reg']) {
    const floor = floorOf({ task, n: 10 }, mnistCounts)!;
    expect(floor.value).toBeCloseTo(7.346, 3);
    expect(floor.predictor).toBe('always predict 44');
  }
});

it('the floor of a sum agrees with brute force', () => {
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
    predictor: 'always predict class 1',
  });
  expect(floorOf({ task: 'cyp3a4' }, [1486, 980])!.value).toBeCloseTo(0.6026, 4);
  expect(majorityFloor(null)).toBeNull();
});

/** The share of bits that a rule over the rows of a sample gets right. */
function shareRight(params: object, rule: (rows: Float32Array[], bit: number) => number): number {
  const config = parseConfig(params as { task: string });
  const task = taskOf(config);
  const { tokens, width } = task.shape(config);
  const sizes = { train: 500, test: 500, final: 500 };
  const { x, y } = task.batches(config, null, { seed: 1, sizes }).batch('test', 0);
  let right = 0;
  for (let sample = 0; sample < 500; sample++) {
    const at = (row: number) =>
      (x as Float32Array).subarray((sample * tokens + row) * width, (sample * tokens + row + 1) * width);
    const rows = Array.from({ length: tokens }, (_, row) => at(row));
    for (let bit = 0; bit < width; bit++) right += Number(rule(rows, bit) === y[sample * width + bit]);
  }
  return right / (500 * width);
}

it('always predicting the same bit is right for half of bit-xor, and reading the last pattern does not help', () => {
  const params = { task: 'bit-xor', n: 20, num_patterns: 2 };
  expect(floorOf(params)!.value).toBe(0.5);
  expect(shareRight(params, () => 1)).toBeCloseTo(0.5, 1);
  expect(shareRight(params, (rows, bit) => rows[1][bit])).toBeCloseTo(0.5, 1);
});

it('copying the visible bits solves three quarters of bit-memory: the published 75.8 % is that floor', () => {
  const params = { task: 'bit-memory', n: 40, num_patterns: 3 };
  const floor = floorOf(params)!;
  expect(floor.value).toBe(0.75);
  expect(Math.abs(shareRight(params, (rows, bit) => rows[3][bit] || 1) - floor.value)).toBeLessThan(0.01);
  expect(sitsOnFloor({ metric: 'accuracy', value: 0.758 }, floor, 0.02)).toBe(true);
});

it('the first operator alone solves a third of ListOps: the published 34.3 % of a random body is that floor', () => {
  const floor = floorOf({ task: 'listops' })!;
  const answers = new Map(
    ['[MIN', '[SM', '[MED', '[MAX'].map((symbol, i) => [listopsSymbols.indexOf(symbol as '[MIN'), [0, 0, 4, 9][i]]),
  );
  let right = 0;
  for (const { symbols, value } of makeExpressions('floor', 3000)) right += Number(answers.get(symbols[0]) === value);
  expect(Math.abs(right / 3000 - floor.value)).toBeLessThan(0.02);
  expect(sitsOnFloor({ metric: 'accuracy', value: 0.343 }, floor, 0.02)).toBe(true);
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
