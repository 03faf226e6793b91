/** What happens, as streams that a slow reader cannot flood: what came meanwhile waits and goes out together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEntry } from '#contract/run';
import type { RunChanges, RunEvents, RunRow } from '#contract/runRow';

export type Subscribe = (listener: (run: string, entry: JournalEntry | null) => void) => () => void;

/** At most 20 messages a second for a run, and two for the table. */
export const eventPause = 50;
export const changePause = 500;

/**
 * Calls `note` for everything that happens and yields once after each time that something did, `pause` ms apart at least.
 * Ends with the signal.
 */
async function* beats(subscribe: Subscribe, note: Parameters<Subscribe>[0], pause: number, signal?: AbortSignal) {
  let wake = () => {};
  let happened = false;
  const stop = subscribe((run, entry) => {
    note(run, entry);
    happened = true;
    wake();
  });
  const abort = () => wake();
  signal?.addEventListener('abort', abort);
  try {
    while (!signal?.aborted) {
      if (!happened) await new Promise<void>((resolve) => (wake = resolve));
      if (signal?.aborted) return;
      happened = false;
      yield;
      await sleep(pause);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    stop();
  }
}

export interface RunSource {
  subscribe: Subscribe;
  /** The run as it is. */
  row(): RunRow;
  /** The number of its newest committed entry. */
  seq(): number;
  /** Its committed entries after a number. */
  entries(after: number): JournalEntry[];
}

/** A run's entries after `after` (null: from now on), each once and in order, beginning with the run as it is. */
export async function* runEvents(
  id: string,
  source: RunSource,
  after: number | null,
  signal?: AbortSignal,
): AsyncGenerator<RunEvents> {
  let waiting: JournalEntry[] = [];
  let touched = false;
  const note = (run: string, entry: JournalEntry | null) => {
    if (run !== id) return;
    touched = true;
    if (entry) waiting.push(entry);
  };
  const committed = source.seq();
  let seq = Math.min(after ?? committed, committed); // a number from a store that was lost since begins at the end
  const past = seq < committed ? source.entries(seq).filter((entry) => entry.seq <= committed) : [];
  const stream = beats(source.subscribe, note, eventPause, signal);
  const first = stream.next(); // listens from here on, before the past goes out
  seq = committed;
  yield { seq, entries: past, row: source.row() };
  for (let beat = await first; !beat.done; beat = await stream.next()) {
    if (!touched) continue;
    const entries = waiting.filter((entry) => entry.seq > seq);
    [waiting, touched] = [[], false];
    seq = entries.at(-1)?.seq ?? seq;
    yield { seq, entries, row: source.row() };
  }
}

/** Rows that change, and ids that are gone. */
export async function* runChanges(
  subscribe: Subscribe,
  rows: (ids: string[]) => RunRow[],
  signal?: AbortSignal,
): AsyncGenerator<RunChanges> {
  const ids = new Set<string>();
  for await (const _ of beats(subscribe, (run) => ids.add(run), changePause, signal)) {
    const changed = rows([...ids]);
    const there = new Set(changed.map(({ id }) => id));
    const gone = [...ids].filter((id) => !there.has(id));
    ids.clear();
    yield { changed, gone };
  }
}
