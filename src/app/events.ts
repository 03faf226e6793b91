/** What happens, as streams that a slow reader cannot flood: what came meanwhile waits and goes out together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEntry } from '#contract/run';
import type { RunChanges, RunEvents, RunRow } from '#contract/runRow';

export type Subscribe = (listener: (run: string, entry: JournalEntry | null) => void) => () => void;

/** At most 20 messages a second for a run, and two for the table. */
export const eventPause = 50;
export const changePause = 500;

/** Calls `note` for everything that happens; `next` resolves when something has since the last time, to false when the signal came. */
function listen(subscribe: Subscribe, note: Parameters<Subscribe>[0], signal?: AbortSignal) {
  let wake = () => {};
  let happened = false;
  const stop = subscribe((run, entry) => {
    note(run, entry);
    happened = true;
    wake();
  });
  const abort = () => wake();
  signal?.addEventListener('abort', abort);
  return {
    async next(): Promise<boolean> {
      if (!happened && !signal?.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      happened = false;
      return !signal?.aborted;
    },
    close(): void {
      signal?.removeEventListener('abort', abort);
      stop();
    },
  };
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
  const heard = listen(source.subscribe, note, signal);
  try {
    const committed = source.seq();
    const from = Math.min(after ?? committed, committed); // a number from a store that was lost since begins at the end
    let seq = committed;
    yield {
      seq,
      entries: from < committed ? source.entries(from).filter((e) => e.seq <= committed) : [],
      row: source.row(),
    };
    while (await heard.next()) {
      if (!touched) continue;
      const entries = waiting.filter((entry) => entry.seq > seq);
      [waiting, touched] = [[], false];
      seq = entries.at(-1)?.seq ?? seq;
      yield { seq, entries, row: source.row() };
      await sleep(eventPause);
    }
  } finally {
    heard.close();
  }
}

/** Rows that change, and ids that are gone. */
export async function* runChanges(
  subscribe: Subscribe,
  rows: (ids: string[]) => RunRow[],
  signal?: AbortSignal,
): AsyncGenerator<RunChanges> {
  const ids = new Set<string>();
  const heard = listen(subscribe, (run) => ids.add(run), signal);
  try {
    while (await heard.next()) {
      const changed = rows([...ids]);
      const there = new Set(changed.map(({ id }) => id));
      const gone = [...ids].filter((id) => !there.has(id));
      ids.clear();
      yield { changed, gone };
      await sleep(changePause);
    }
  } finally {
    heard.close();
  }
}
