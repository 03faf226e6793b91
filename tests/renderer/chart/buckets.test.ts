import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBuckets } from '#renderer/chart/buckets';
import { smoothed } from '#renderer/chart/smooth';

const curve = (values: readonly number[], limit?: number) => {
  const buckets = createBuckets(limit);
  for (const [i, y] of values.entries()) buckets.push(i + 1, y);
  return buckets;
};
const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 300 });

describe('buckets', () => {
  test('a short curve keeps every point', () => {
    expect(curve([3, 1, 2]).drawn()).toEqual([
      { x: 1, y: 3 },
      { x: 2, y: 1 },
      { x: 3, y: 2 },
    ]);
  });

  test('however long it grows, a curve keeps its extremes, its newest point, its order and its count', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 4, max: 40 }), (ys, limit) => {
        const buckets = curve(ys, limit);
        const drawn = buckets.drawn();
        expect(buckets.count).toBe(ys.length);
        expect(drawn.length).toBeLessThanOrEqual(2 * limit + 1);
        expect(Math.min(...drawn.map((p) => p.y))).toBe(Math.min(...ys));
        expect(Math.max(...drawn.map((p) => p.y))).toBe(Math.max(...ys));
        expect(drawn.at(-1)).toEqual({ x: ys.length, y: ys.at(-1) });
        expect(drawn.map((p) => p.x)).toEqual(drawn.map((p) => p.x).sort((a, b) => a - b));
        for (const { x, y } of drawn) expect(ys[x - 1]).toBe(y);
      }),
      { seed: 1 },
    );
  });

  test('a single peak among 100,000 points is drawn', () => {
    const ys = Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 9 : 1));
    expect(curve(ys).drawn()).toContainEqual({ x: 54_322, y: 9 });
  });

  test('weighted means of the stretches give the mean of the curve', () => {
    const ys = Array.from({ length: 777 }, (_, i) => Math.sin(i));
    const stretches = curve(ys, 20).stretches();
    const sum = stretches.reduce((total, { mean, count }) => total + mean * count, 0);
    expect(sum / 777).toBeCloseTo(ys.reduce((a, b) => a + b) / 777, 10);
  });

  test('points at one x do not widen the stretches without end', () => {
    const buckets = createBuckets(4);
    for (let i = 0; i < 20; i++) buckets.push(5, i);
    expect(buckets.count).toBe(20);
    expect(buckets.stretches().length).toBeLessThanOrEqual(4);
  });

  test('every call of drawn returns a new array', () => {
    const buckets = curve([1, 2]);
    expect(buckets.drawn()).not.toBe(buckets.drawn());
  });
});

describe('smoothing', () => {
  test('averages the points so far, weighted by age, without a bias towards 0', () => {
    const w = 0.6;
    const ys = [5, 7, 1];
    const expected = (7 * w + 1 + 5 * w * w) / (1 + w + w * w);
    const line = smoothed(curve(ys).stretches(), w);
    expect(line[0]).toEqual({ x: 1, y: 5 });
    expect(line[2].y).toBeCloseTo(expected, 12);
  });

  test('weight 0 leaves the curve as it is', () => {
    const ys = [3, 1, 4, 1, 5];
    expect(smoothed(curve(ys).stretches(), 0).map((p) => p.y)).toEqual(ys);
  });

  test('a constant stays a constant at any weight and thinning', () => {
    const line = smoothed(curve(new Array(5000).fill(2.5), 50).stretches(), 0.99);
    for (const { y } of line) expect(y).toBeCloseTo(2.5, 9);
  });

  test('a thinned curve smooths to nearly the same end as the whole one', () => {
    const ys = Array.from({ length: 4000 }, (_, i) => 1 / (1 + i / 500) + 0.1 * Math.sin(i));
    const whole = smoothed(curve(ys, 5000).stretches(), 0.999).at(-1)!;
    const thinned = smoothed(curve(ys, 500).stretches(), 0.999).at(-1)!;
    expect(thinned.y).toBeCloseTo(whole.y, 3);
  });
});
