import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { streamPolled, streamValues } from '#contract/streamValues';

/** A number that notifies listeners when it changes. */
function counter() {
  const listeners = new Set<() => void>();
  let value = 0;
  return {
    listeners,
    read: () => value,
    set(next: number) {
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

it('yields the current value, then the newest value after changes', async () => {
  const { read, set, subscribe } = counter();
  const stop = new AbortController();
  const values = streamValues(subscribe, read, stop.signal);
  expect((await values.next()).value).toBe(0);
  for (const value of [1, 2, 3]) set(value);
  expect((await values.next()).value).toBe(3);
  const next = values.next();
  set(4);
  expect((await next).value).toBe(4);
  const last = values.next();
  stop.abort();
  expect((await last).done).toBe(true);
});

it('a reader that leaves without a signal is unsubscribed', async () => {
  const { read, listeners, subscribe } = counter();
  for await (const value of streamValues(subscribe, read)) if (value === 0) break;
  expect(listeners.size).toBe(0);
});

it('twenty listeners share one polling loop, which ends with the last of them', async () => {
  let readings = 0;
  const live = streamPolled(async () => {
    await sleep(5);
    return ++readings;
  }, 5);
  const stop = new AbortController();
  const streams = Array.from({ length: 20 }, () => live(stop.signal));
  for (let round = 0; round < 3; round++) await Promise.all(streams.map((stream) => stream.next()));
  expect(readings).toBeLessThanOrEqual(6);
  const late = live(stop.signal);
  expect((await late.next()).value, 'one that comes later waits for no reading').toBeGreaterThan(0);
  stop.abort();
  for (const stream of [...streams, late]) expect((await stream.next()).done).toBe(true);
  await sleep(30);
  const ended = readings;
  await sleep(50);
  expect(readings).toBe(ended);
});

it('a slow listener gets only the newest value', async () => {
  let readings = 0;
  const live = streamPolled(async () => ++readings, 1);
  const stop = new AbortController();
  const stream = live(stop.signal);
  await stream.next();
  while (readings < 10) await sleep(1);
  expect((await stream.next()).value).toBeGreaterThanOrEqual(10);
  stop.abort();
});

it('a failed reading ends every stream with its error, and the next listener tries again', async () => {
  let fails = true;
  const live = streamPolled(async () => {
    if (fails) throw new Error('no driver');
    return 'load';
  }, 1);
  const stop = new AbortController();
  const failed = [live(stop.signal), live(stop.signal)].map((stream) => stream.next());
  for (const next of failed) await expect(next).rejects.toThrow('no driver');
  fails = false;
  await sleep(5);
  expect((await live(stop.signal).next()).value).toBe('load');
  stop.abort();
});
