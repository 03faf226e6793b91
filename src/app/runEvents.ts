/**
 * Streams the events of runs in small messages. A slow reader gets its backlog in one message. Of each run at most
 * {@link keptEntries} entries wait in memory; the others are read from its journal.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { JournalEntry } from '#contract/run';
import type { RunChanges, RunEvents, RunRow } from '#contract/runRow';
import type { RunListener, RunServices } from '#contract/runServices';

type Subscribe = RunServices['subscribe'];

/** Pauses in ms: at most 20 messages a second for a run and two for the table. Old entries are sent without pauses. */
const eventPause = 50;
const changePause = 500;
/** Approximate size of a message: bytes of entries, rows of the table. */
const pageBytes = 256 * 1024;
const pageRows = 500;
/** How many new entries of a run may wait in memory for their reader. */
const keptEntries = 1000;

/** Calls `note` for every event. `next` resolves to true after an event and to false after an abort. */
function listen(subscribe: Subscribe, note: RunListener, signal?: AbortSignal) {
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

export interface RunEventSource {
  subscribe: Subscribe;
  /** The current row of the run. */
  row(): RunRow;
  /** The number of its newest committed entry. */
  seq(): number;
  /** The entries after a number, in order and read lazily; may include entries that are not committed yet. */
  entries(after: number): Iterable<JournalEntry> | AsyncIterable<JournalEntry>;
}

/** Yields the run and its entries after `after` (null: from now on), in order and each exactly once. */
export async function* streamRunEvents(
  id: string,
  source: RunEventSource,
  after: number | null,
  signal?: AbortSignal,
): AsyncGenerator<RunEvents> {
  const committed = source.seq();
  let seq = Math.min(after ?? committed, committed); // `after` is too large if the store has been lost and rebuilt
  let fresh: JournalEntry[] = [];
  let isBehind = seq < committed; // the entries after `seq` must be read from the journal
  let touched = true;
  let hasYielded = false;
  const note = (run: string, entry: JournalEntry | null) => {
    if (run !== id) return;
    touched = true;
    if (entry && !isBehind) fresh.push(entry);
    if (fresh.length <= keptEntries) return;
    isBehind = true;
    fresh = [];
  };
  const heard = listen(source.subscribe, note, signal);
  async function* message(entries: Iterable<JournalEntry> | AsyncIterable<JournalEntry>, last: number) {
    for await (const page of pages(entries, last)) {
      if (signal?.aborted) return;
      seq = page.at(-1)!.seq;
      hasYielded = true;
      yield { seq, entries: page, row: source.row() };
      await nextTurn();
    }
  }
  try {
    do {
      if (!touched) continue;
      touched = false;
      hasYielded = false;
      while (isBehind && !signal?.aborted) {
        const last = source.seq();
        isBehind = false;
        yield* message(source.entries(seq), last);
        seq = Math.max(seq, last);
      }
      const entries = fresh.filter((entry) => entry.seq > seq);
      fresh = [];
      yield* message(entries, Number.POSITIVE_INFINITY);
      if (signal?.aborted) return;
      if (!hasYielded) yield { seq, entries: [], row: source.row() };
      await sleep(eventPause);
    } while (await heard.next());
  } finally {
    heard.close();
  }
}

/** Entries up to number `last`, in pages of about {@link pageBytes}. */
async function* pages(
  entries: Iterable<JournalEntry> | AsyncIterable<JournalEntry>,
  last: number,
): AsyncGenerator<JournalEntry[]> {
  let page: JournalEntry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    if (entry.seq > last) break;
    page.push(entry);
    bytes += bytesOf(entry);
    if (bytes < pageBytes) continue;
    yield page;
    [page, bytes] = [[], 0];
  }
  if (page.length > 0) yield page;
}

/** Approximate length of an entry's JSON. */
const bytesOf = ({ body }: JournalEntry): number =>
  body.kind === 'metrics' ? 100 + 45 * body.rows.length : JSON.stringify(body).length;

/** Yields changed rows and ids of deleted runs. */
export async function* streamRunChanges(
  subscribe: Subscribe,
  rows: (ids: string[]) => RunRow[],
  signal?: AbortSignal,
): AsyncGenerator<RunChanges> {
  const waiting = new Set<string>();
  const heard = listen(subscribe, (run) => waiting.add(run), signal);
  try {
    while (await heard.next()) {
      while (waiting.size > 0 && !signal?.aborted) {
        const ids = [...waiting].slice(0, pageRows);
        for (const id of ids) waiting.delete(id);
        const changed = rows(ids);
        const there = new Set(changed.map(({ id }) => id));
        yield { changed, gone: ids.filter((id) => !there.has(id)) };
        await nextTurn();
      }
      await sleep(changePause);
    }
  } finally {
    heard.close();
  }
}
