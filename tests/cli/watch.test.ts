/** The progress line of a run, on terminals of any width. */
import { expect, it, vi } from 'vitest';
import { progressLine } from '#cli/watch';
import type { Run } from '#contract/run';

const followed = {
  label: 'mnist-add FRT seed 0',
  run: { state: 'running', step: 600, totalSteps: 1200 } as Run,
  latest: { train_loss: 3.3512, test_metric: 5.416 },
  from: { step: 0, at: performance.now() - 20_000 },
};
const parts = (width: number) =>
  progressLine(followed, width)
    .split('  ')
    .map((part) => part.replace(/[█░]+/, 'bar').replace(/[\d.]+ steps/, 'n steps'));

it('has every part if it fits, and no bar without a terminal', () => {
  const all = ['600/1200', 'train loss 3.35', 'test metric 5.416', 'n steps/s', '20 s left'];
  expect(parts(200)).toEqual(['mnist-add FRT seed 0', 'bar', ...all]);
  expect(parts(Number.POSITIVE_INFINITY)).toEqual(['mnist-add FRT seed 0', ...all]);
});

it('drops the bar first and never the time left', () => {
  expect(parts(100)).toEqual([
    'mnist-add FRT seed 0',
    '600/1200',
    'train loss 3.35',
    'test metric 5.416',
    'n steps/s',
    '20 s left',
  ]);
  expect(parts(79)).toEqual(['mnist-add FRT seed 0', '600/1200', 'train loss 3.35', 'test metric 5.416', '20 s left']);
  expect(parts(41)).toEqual(['mnist-add FRT seed 0', '600/1200', '20 s left']);
  for (const width of [41, 60, 79, 100, 120]) expect(progressLine(followed, width).length).toBeLessThanOrEqual(width);
});

it('a clock that is set back during training does not make the speed negative', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  try {
    expect(parts(200)).toContain('20 s left');
  } finally {
    vi.useRealTimers();
  }
});
