import { describe, expect, test } from 'vitest';
import type { EntryBody, JournalEntry } from '#contract/run';
import { axisOf } from '#renderer/pages/run/axis';
import { createFeed } from '#renderer/pages/run/feed';

const entry = (seq: number, body: EntryBody): JournalEntry => ({ seq, at: seq * 1000, body });
const loss = (seq: number, ...steps: number[]): JournalEntry =>
  entry(seq, { kind: 'metrics', rows: steps.map((step) => ['train_loss', step, step / 10]) });
const curve = (seq: number, ...steps: number[]) => ({
  points: steps.map((step) => ({ step, value: step / 10 })),
  of: steps.length,
  seq,
});
const steps = (feed: ReturnType<typeof createFeed>) =>
  feed
    .get('train_loss')
    ?.buckets.drawn()
    .map((p) => p.x);

describe('the curves of a run', () => {
  test('grow by the entries after the stored ones, each once, in any order of arrival', () => {
    const early = createFeed();
    early.load('train_loss', curve(2, 1, 2, 3), null);
    early.add([loss(2, 3), loss(3, 4), loss(4, 5)]);
    expect(steps(early)).toEqual([1, 2, 3, 4, 5]);

    const late = createFeed();
    late.add([loss(2, 3), loss(3, 4)]);
    late.load('train_loss', curve(2, 1, 2, 3), null);
    late.add([loss(4, 5)]);
    expect(steps(late)).toEqual([1, 2, 3, 4, 5]);
    expect(late.get('train_loss')?.total).toBe(5);
  });

  test('of a range take only the points inside it', () => {
    const feed = createFeed();
    feed.load('train_loss', curve(1, 2, 3), [2, 4]);
    feed.add([loss(2, 4, 5)]);
    expect(steps(feed)).toEqual([2, 3, 4]);
  });

  test('count what the store thinned away', () => {
    const feed = createFeed();
    feed.load('train_loss', { ...curve(1, 1, 9), of: 1000 }, null);
    feed.add([loss(2, 1001)]);
    expect(feed.get('train_loss')).toMatchObject({ total: 1001 });
  });

  test('ask to be loaded again when the run starts over', () => {
    const feed = createFeed();
    const started = { step: 0, totalSteps: 9, device: 'cpu', trainable: 1, total: 1, deviations: [] };
    expect(feed.add([loss(1, 1)])).toBe(false);
    expect(feed.add([entry(2, { kind: 'started', ...started })])).toBe(true);
  });

  test('have a version that grows with each change', () => {
    const feed = createFeed();
    const before = feed.version;
    feed.load('train_loss', curve(0), null);
    feed.add([loss(1, 1)]);
    expect(feed.version).toBe(before + 2);
  });
});

describe('the x axis', () => {
  const clock = [
    { step: 0, seconds: 0 },
    { step: 100, seconds: 10 },
    { step: 200, seconds: 50 },
  ];

  test.each([
    ['step' as const, 150, 150, 'step'],
    ['samples' as const, 150, 3750, 'samples'],
    ['time' as const, 150, 30, 'seconds of training'],
  ])('%s: step %d lies at %d', (kind, step, x, label) => {
    const axis = axisOf(kind, 25, clock);
    expect(axis.label).toBe(label);
    expect(axis.of(step)).toBeCloseTo(x);
    expect(axis.stepAt(x)).toBeCloseTo(step);
  });

  test('long times are in minutes and hours, and time continues beyond the last tick', () => {
    expect(
      axisOf('time', 1, [
        { step: 0, seconds: 0 },
        { step: 10, seconds: 600 },
      ]).of(10),
    ).toBe(10);
    expect(
      axisOf('time', 1, [
        { step: 0, seconds: 0 },
        { step: 10, seconds: 36000 },
      ]).label,
    ).toMatch(/^hours/);
    expect(axisOf('time', 1, clock).of(210)).toBeCloseTo(54);
  });

  test('a run without ticks has no time', () => expect(axisOf('time', 1, []).of(5)).toBe(0));
});
