import { describe, expect, it } from 'vitest';
import { type Random, randomStream } from '#contract/random';
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

it('an interval over three seeds contains the true value in 95 % of 4,000 simulations', () => {
  const random = randomStream(1, 'interval');
  let held = 0;
  for (let i = 0; i < 4000; i++) {
    const { low, high } = interval(samples(...Array.from({ length: 3 }, () => 0.9 + 0.02 * random.normal())))!;
    held += Number(low <= 0.9 && 0.9 <= high);
  }
  expect(held / 4000).toBeGreaterThan(0.94);
  expect(held / 4000).toBeLessThan(0.975);
});

describe('the interval of a metric', () => {
  it.each([
    ['accuracy', [0.975, 0.985], 0, 1],
    ['accuracy', [0.5, 1], 0, 1],
    ['accuracy', [1, 0.999, 0.998], 0, 1],
    ['accuracy', [0.02, 0.11], 0, 1],
    ['mae', [0.4, 1.266], 0, Number.POSITIVE_INFINITY],
    ['mae', [0.01, 0.2, 0], 0, Number.POSITIVE_INFINITY],
  ] as const)('of %s %j stays between %d and %d, and holds its mean', (metric, values, least, most) => {
    const exact = values.map((value) => ({ value, standardError: 0 }));
    const { mean, low, high } = interval(exact, metric)!;
    const raw = interval(exact)!;
    expect(raw.low < least || raw.high > most).toBe(true); // Student's alone leaves the range
    expect(low).toBeGreaterThanOrEqual(least);
    expect(high).toBeLessThanOrEqual(most);
    expect(mean).toBeGreaterThanOrEqual(low);
    expect(mean).toBeLessThanOrEqual(high);
  });

  it('is Student’s if the spread is small compared with the range', () => {
    const close = samples(0.701, 0.7, 0.699);
    const [bent, raw] = [interval(close, 'accuracy')!, interval(close)!];
    expect(bent.low).toBeCloseTo(raw.low, 4);
    expect(bent.high).toBeCloseTo(raw.high, 4);
  });

  /** How often the interval over `seeds` draws holds the mean that they are drawn around. */
  function coverage(metric: 'accuracy' | 'mae', seeds: number, draw: (random: Random) => number, truth: number) {
    const random = randomStream(3, `${metric} ${seeds} ${truth}`);
    let held = 0;
    for (let i = 0; i < 4000; i++) {
      const drawn = Array.from({ length: seeds }, () => ({ value: draw(random), standardError: 0 }));
      const { low, high } = interval(drawn, metric)!;
      held += Number(low <= truth && truth <= high);
    }
    return held / 4000;
  }
  it.each([3, 5, 10])(
    'over %i seeds contains a skewed accuracy of 0.75, 0.9 or 0.97 in at least 93 of 100 cases',
    (seeds) => {
      // the error is the square of a normal value, as skewed as a metric near its bound is
      for (const [centre, width] of [
        [0.5, 0.05],
        [0.3, 0.08],
        [0.15, 0.05],
      ]) {
        const truth = 1 - centre ** 2 - width ** 2;
        const draw = (random: Random) => Math.max(0, 1 - (centre + width * random.normal()) ** 2);
        expect(coverage('accuracy', seeds, draw, truth), `${truth}`).toBeGreaterThan(0.935);
      }
    },
  );
  it.each([3, 5, 10])(
    'over %i seeds contains an error with a spread of a third of it in at least 94 of 100 cases',
    (seeds) => {
      const draw = (random: Random) => (1 + random.normal() / 6) ** 2;
      expect(coverage('mae', seeds, draw, 1 + 1 / 36)).toBeGreaterThan(0.94);
    },
  );
});
