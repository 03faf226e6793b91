import { describe, expect, test } from 'vitest';
import { meanCurve } from '#pictures/meanCurve';

const curve = (...points: [number, number][]) => points.map(([x, y]) => ({ x, y }));

describe('the mean of curves', () => {
  test('is computed at every x, with linear interpolation between points', () => {
    const { points } = meanCurve([curve([0, 0], [10, 10]), curve([0, 2], [5, 4], [10, 6])]);
    expect(points).toEqual([
      { x: 0, y: 1 },
      { x: 5, y: 4.5 },
      { x: 10, y: 8 },
    ]);
  });
  test('has Student’s 95 % interval only where at least two curves reach', () => {
    const { points, band } = meanCurve([curve([0, 1], [10, 1]), curve([0, 3])]);
    expect(points).toEqual([
      { x: 0, y: 2 },
      { x: 10, y: 1 },
    ]);
    expect(band).toHaveLength(1);
    expect(band[0].high - 2).toBeCloseTo(12.706, 2); // t of 1 degree at 97.5 %, standard error 1
  });
  test('of accuracies stays within 0 … 1, that of errors above 0', () => {
    const of = (metric: 'accuracy' | 'mae', ...values: number[]) =>
      meanCurve(
        values.map((value) => curve([0, value])),
        metric,
      ).band[0];
    expect(of('accuracy', 0.97, 0.99).high).toBeLessThanOrEqual(1);
    expect(of('mae', 0.1, 2).low).toBeGreaterThanOrEqual(0);
  });
  test('has about the requested number of points, both ends included', () => {
    const long = curve(...Array.from({ length: 1000 }, (_, i): [number, number] => [i, i]));
    const { points } = meanCurve([long, long], null, 100);
    expect(points.length).toBeLessThanOrEqual(101);
    expect([points[0].x, points.at(-1)!.x]).toEqual([0, 999]);
  });
  test('of no curves is empty', () => expect(meanCurve([[], []])).toEqual({ points: [], band: [] }));
});
