import { describe, expect, it } from 'vitest';
import { randomStream } from '#contract/random';
import { tableOf } from '#papers/published';
import { rankCorrelation } from '#papers/rankCorrelation';

const points = (...ys: number[]) => ys.map((y, x) => ({ x, y }));

describe('a rank correlation', () => {
  it('is 1 where both rise together, however far, and −1 where one falls', () => {
    expect(rankCorrelation(points(1, 2, 4, 80, 1000))!.rho).toBeCloseTo(1, 12);
    expect(rankCorrelation(points(9, 8, 7, 6, -100))!.rho).toBeCloseTo(-1, 12);
  });
  it('gives equal values their mean rank: 0.9747 for 1, 2, 2, 3, 4 (computed by hand)', () => {
    expect(rankCorrelation(points(1, 2, 2, 3, 4))!.rho).toBeCloseTo(0.9747, 4);
  });
  it('is null with four points or a constant coordinate', () => {
    expect(rankCorrelation(points(1, 2, 3, 4))).toBeNull();
    expect(rankCorrelation(points(1, 1, 1, 1, 1))).toBeNull();
  });
  it('of 16 independent points has an interval that contains 0 in 93 to 97 of 100 cases', () => {
    const random = randomStream(14, 'ranks');
    let held = 0;
    for (let i = 0; i < 4000; i++) {
      const { low, high } = rankCorrelation(
        Array.from({ length: 16 }, () => ({ x: random.normal(), y: random.normal() })),
      )!;
      held += Number(low <= 0 && high >= 0);
    }
    expect(held / 4000).toBeGreaterThan(0.93);
    expect(held / 4000).toBeLessThan(0.97);
  });
});

it('the published conclusion that more trained weights score better holds on no task, and bit-xor of 10 bits shows the opposite', () => {
  const of = (column: string) =>
    rankCorrelation(
      tableOf('exp1-zoo').cells.flatMap(({ column: own, published }) =>
        own === column && published?.trainable
          ? { x: published.trainable, y: published.metric === 'mae' ? -published.value : published.value }
          : [],
      ),
    )!;
  for (const column of ['mnist', 'mnist-add-10']) {
    expect(of(column).rho, column).toBeGreaterThan(0.4);
    expect(of(column).low, column).toBeLessThan(0);
  }
  expect(of('bit-xor-10').high).toBeLessThan(0);
  for (const column of ['bit-xor-50', 'bit-xor-100', 'digit-add-100'])
    expect(of(column).low < 0 && of(column).high > 0, column).toBe(true);
});
