import { expect, it } from 'vitest';
import { randomStream } from '#contract/random';
import { interval, type Sample } from '#contract/statistics';

const samples = (...values: number[]): Sample[] => values.map((value) => ({ value, standardError: 0.001 }));

it('two seeds have the interval of the t table: 12.706 standard errors', () => {
  const { mean, high } = interval([0.9, 0.92].map((value) => ({ value, standardError: 0 })))!;
  expect(mean).toBeCloseTo(0.91, 12);
  expect(high - mean).toBeCloseTo(12.706 * 0.01, 4);
});

it('an interval is never narrower than evaluation noise alone', () => {
  const { low, high } = interval([
    { value: 0.9, standardError: 0.01 },
    { value: 0.9, standardError: 0.01 },
  ])!;
  expect(high - low).toBeGreaterThan(2 * 1.95 * (0.01 / Math.SQRT2));
});

it('an interval over three seeds holds the truth in 95 % of 4,000 simulations', () => {
  const random = randomStream(1, 'interval');
  let held = 0;
  for (let i = 0; i < 4000; i++) {
    const { low, high } = interval(samples(...Array.from({ length: 3 }, () => 0.9 + 0.02 * random.normal())))!;
    held += Number(low <= 0.9 && 0.9 <= high);
  }
  expect(held / 4000).toBeGreaterThan(0.94);
  expect(held / 4000).toBeLessThan(0.975);
});
