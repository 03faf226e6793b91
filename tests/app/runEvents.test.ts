/** Streams of run events, from a source with its journal in memory. */
import { expect, it } from 'vitest';
import { type RunEventSource, streamRunChanges, streamRunEvents } from '#app/runEvents';
import type { JournalEntry, MetricRow } from '#contract/run';
import type { RunChanges, RunRow } from '#contract/runRow';

const entry = (seq: number, rows = 40): JournalEntry => ({
  ...{ seq, at: seq },
  body: { kind: 'metrics', rows: Array.from({ length: rows }, (_, i): MetricRow => ['train_loss', i + 1, 1 / 3]) },
});
const row = { id: 'run' } as RunRow;

/** A run whose journal has `count` entries, and more when `append` says so. */
function longRun(count: number) {
  const journal = Array.from({ length: count }, (_, i) => entry(i + 1));
  const listeners = new Set<Parameters<RunEventSource['subscribe']>[0]>();
  const read = { entries: 0, times: 0 };
  const source: RunEventSource = {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    row: () => row,
    seq: () => journal.length,
    *entries(after) {
      read.times++;
      for (const next of journal.slice(after)) {
        read.entries++;
        yield next;
      }
    },
  };
  const append = (more: number) => {
    for (let i = 0; i < more; i++) {
      const fresh = entry(journal.length + 1);
      journal.push(fresh);
      for (const listener of listeners) listener('run', fresh);
    }
  };
  return { source, append, read, listeners };
}
const numbers = (entries: readonly JournalEntry[]) => entries.map(({ seq }) => seq);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

it('past entries of a long run come in small messages, read only as fast as they are received', async () => {
  const { source, read, listeners } = longRun(5000);
  const events = streamRunEvents('run', source, 0);
  const seen: JournalEntry[] = [];
  let [messages, largest] = [0, 0];
  for await (const { entries, seq } of events) {
    if (messages++ === 0) expect(read.entries).toBeLessThan(1000);
    seen.push(...entries);
    expect(seq).toBe(seen.length);
    largest = Math.max(largest, JSON.stringify(entries).length);
    if (seq === 5000) break;
  }
  expect(numbers(seen)).toEqual(upTo(5000));
  expect(messages).toBeGreaterThan(20);
  expect(largest).toBeLessThan(400_000);
  expect(listeners.size).toBe(0);
});

it('other work gets its turn between the messages of a long history', async () => {
  const { source } = longRun(5000);
  let [turns, messages, isOver] = [0, 0, false];
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  for await (const { seq } of streamRunEvents('run', source, 0)) {
    messages++;
    if (seq === 5000) break;
  }
  isOver = true;
  expect(messages).toBeGreaterThan(2);
  expect(turns).toBeGreaterThanOrEqual(messages - 1);
});

it('a stalled reader does not fill the memory, and later gets every entry once', async () => {
  const { source, append, read } = longRun(0);
  const events = streamRunEvents('run', source, 0);
  await events.next();
  append(20_000); // the reader is busy
  const seen: JournalEntry[] = [];
  while (seen.length < 20_000) {
    const { entries } = (await events.next()).value!;
    expect(entries.length).toBeLessThan(1000);
    seen.push(...entries);
  }
  expect(numbers(seen)).toEqual(upTo(20_000));
  expect(read.times, 'what was dropped came from the journal').toBe(1);
  append(3);
  expect(numbers((await events.next()).value!.entries)).toEqual([20_001, 20_002, 20_003]);
  await events.return(undefined);
});

it('entries written while past ones are read follow without a gap', async () => {
  const { source, append } = longRun(3000);
  const seen: JournalEntry[] = [];
  for await (const { entries, seq } of streamRunEvents('run', source, 100)) {
    seen.push(...entries);
    if (seen.length < 2500)
      append(700); // more than are kept
    else if (seq === source.seq()) break;
  }
  expect(numbers(seen)).toEqual(upTo(source.seq()).slice(100));
});

it('a reader that disconnects during past entries ends the reading', async () => {
  const { source, read } = longRun(5000);
  const stop = new AbortController();
  const events = streamRunEvents('run', source, 0, stop.signal);
  await events.next();
  stop.abort();
  expect((await events.next()).done).toBe(true);
  expect(read.entries).toBeLessThan(1000);
});

it('ten thousand runs that change at once come in pages', async () => {
  const { source, listeners } = longRun(0);
  const asked: number[] = [];
  const rows = (ids: string[]) => {
    asked.push(ids.length);
    return ids.filter((id) => id !== 'run 7').map((id) => ({ id }) as RunRow);
  };
  const changes = streamRunChanges(source.subscribe, rows);
  const first = changes.next();
  for (let i = 0; i < 10_000; i++) for (const listener of listeners) listener(`run ${i}`, null);
  const begun = Date.now();
  const { changed: seen, gone }: RunChanges = (await first).value!;
  while (seen.length < 9999) {
    const { value } = await changes.next();
    seen.push(...value!.changed);
    gone.push(...value!.gone);
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(9999);
  expect(gone).toEqual(['run 7']);
  expect(Math.max(...asked)).toBeLessThanOrEqual(1000);
  expect(Date.now() - begun).toBeLessThan(3000);
  await changes.return(undefined);
});
