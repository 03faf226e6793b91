/**
 * A run's journal, `journal.jsonl`: an append-only file of numbered, checksummed lines; the same entries are sent to a listener. A
 * line is in the file before its message is sent, so the listener is never ahead of the file.
 *
 * Every reader has the same rule for damage: an entry counts when its checksum is correct and its number is above all before it;
 * everything else is skipped and reported. A last line without a line end is still being written.
 */
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { decodeEntry, type EntryBody, encodeEntry, type JournalEntry, type MetricRow } from '#contract/run';
import { writeAtomically, writeFully } from '#disk/atomicFile';
import { openFile } from '#disk/source';
import { diskError } from '#disk/troubles';

/** Milliseconds that metric rows wait at most for others to share their line. */
const batchTime = 250;
const pieces = 2 ** 20; // bytes read at once
const longestLine = 2 ** 26; // bytes; longer lines are damage

export interface Damage {
  /** From 1. */
  line: number;
  /** Numbers of the missing entries; none when the line replaces no entry. */
  lost: number;
}

export interface ReadOptions {
  /** Only entries after this number. */
  after?: number;
  /** Only entries of these kinds; damage is not reported then. */
  kinds?: readonly EntryBody['kind'][];
  onDamage?(damage: Damage): void;
  /** Called with the offset where the newest whole entry ends, in bytes. */
  onEnd?(length: number): void;
}

/** The beginning of a line: enough to skip it without decoding it. */
const lineHead = /^\{"crc":\d+,"entry":\{"seq":(\d+),"at":[^,]+,"body":\{"kind":"(\w+)"/;
const headBytes = 128;

/** The entries of the journal at `path`, read in pieces; an absent file has none. Throws `disk`. */
export function* readEntries(
  path: string,
  { after = 0, kinds, onDamage, onEnd }: ReadOptions = {},
): Generator<JournalEntry> {
  let last = after;
  for (const { number, bytes, end } of lines(path)) {
    const head = lineHead.exec(bytes.toString('latin1', 0, headBytes));
    if (head && Number(head[1]) <= after) continue;
    if (head && kinds && !kinds.includes(head[2] as EntryBody['kind'])) continue;
    const entry = decodeEntry(bytes.toString('utf8'));
    if (!entry || entry.seq <= last) {
      onDamage?.({ line: number, lost: 0 });
      continue;
    }
    if (entry.seq > last + 1 && !kinds) onDamage?.({ line: number, lost: entry.seq - last - 1 });
    last = entry.seq;
    onEnd?.(end);
    yield entry;
  }
}

/** The whole lines of a file, from line 1, without their ends; `end` is where the next one begins. */
function* lines(path: string): Generator<{ number: number; bytes: Buffer; end: number }> {
  if (!existsSync(path)) return;
  const file = openFile(path);
  try {
    let rest: Buffer = Buffer.alloc(0);
    let [number, end] = [1, 0];
    for (;;) {
      const left = fstatSync(file).size - end - rest.length;
      const piece = Buffer.allocUnsafe(Math.max(0, Math.min(pieces, left))); // a thousand runs may end at once
      const count = readSync(file, piece, 0, piece.length, end + rest.length);
      if (count === 0) return;
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece.subarray(0, count)]) : piece.subarray(0, count);
      let start = 0;
      for (let stop = bytes.indexOf(0x0a); stop >= 0; stop = bytes.indexOf(0x0a, start)) {
        end += stop + 1 - start;
        yield { number: number++, bytes: bytes.subarray(start, stop), end };
        start = stop + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > longestLine) {
        end += rest.length;
        yield { number, bytes: rest.subarray(0, headBytes), end }; // the rest of it is reported as further damage
        rest = Buffer.alloc(0);
      }
    }
  } catch (error) {
    throw diskError(path, error, 'read');
  } finally {
    closeSync(file);
  }
}

/** Metric rows that a transaction takes at most; about a tenth of a second on a slow machine. */
const rowsAtOnce = 10_000;

/** The entries in groups of about {@link rowsAtOnce} metric rows. */
export function* inStretches(entries: Iterable<JournalEntry>): Generator<JournalEntry[]> {
  let stretch: JournalEntry[] = [];
  let rows = 0;
  for (const entry of entries) {
    stretch.push(entry);
    rows += entry.body.kind === 'metrics' ? entry.body.rows.length : 1;
    if (rows < rowsAtOnce) continue;
    yield stretch;
    [stretch, rows] = [[], 0];
  }
  if (stretch.length > 0) yield stretch;
}

/** A sentence about damage. */
export function damageText(damage: readonly Damage[]): string {
  const lines = [...new Set(damage.map(({ line }) => line))];
  const lost = damage.reduce((sum, each) => sum + each.lost, 0);
  const where = lines.length === 1 ? `line ${lines[0]}` : `${lines.length} lines, the first ${lines[0]}`;
  return `the journal is damaged at ${where}${lost > 0 ? `; ${lost} ${lost === 1 ? 'entry is' : 'entries are'} lost` : '; no entry is lost'}.`;
}

export interface Journal {
  /** Writes and sends the waiting metric rows, then this entry. */
  append(body: EntryBody): void;
  /** Adds metric rows, with the seconds that the run has been under way; written with the next entry or after {@link batchTime}. */
  metrics(rows: MetricRow[], seconds?: number): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  /** Flushes the file to the disk itself, where this process may still write. Throws `disk` when entries are still waiting to be written. */
  sync(): void;
  close(): void;
}

export interface JournalOptions {
  /** Called with every entry once its line is in the file. */
  send?(entry: JournalEntry): void;
  /** Called before every write; throws when this process must not write any more. */
  permit?(): void;
  /** Number of the newest entry that the store has read, even if the file has lost it since. */
  seen?: number;
  /** Milliseconds since 1970. */
  now?(): number;
  /** Milliseconds of a monotonic clock. */
  clock?(): number;
}

/**
 * Opens the journal at `path` for appending. A torn tail is cut off and every other damaged line replaced by a warning
 * of the same number, so that numbers have no gaps; they continue over sessions.
 * Lines that the disk refuses wait in memory, in order, and are retried with every later line.
 * Throws `disk` when the file cannot be opened or repaired.
 */
export function openJournal(
  path: string,
  {
    send = () => {},
    permit = () => {},
    seen = 0,
    now = Date.now,
    clock = () => performance.now(),
  }: JournalOptions = {},
): Journal {
  const { length, last } = repair(path);
  const file = openAt(path, length);
  let size = length;
  let next = last + 1;
  let rows: MetricRow[] = [];
  let seconds: number | undefined;
  let flushed = clock();
  let trouble: Error | undefined;
  const waiting: JournalEntry[] = [];

  const write = (entry: JournalEntry) => {
    permit();
    const line = Buffer.from(encodeEntry(entry));
    try {
      writeFully(file, line, size);
      size += line.length;
    } catch (error) {
      ftruncateSync(file, size); // leave no half line
      throw diskError(path, error);
    }
  };
  const drain = () => {
    trouble = undefined;
    while (waiting.length > 0) {
      try {
        write(waiting[0]);
      } catch (error) {
        trouble = error as Error;
        return;
      }
      send(waiting.shift()!);
    }
  };
  const add = (body: EntryBody) => waiting.push({ seq: next++, at: now(), body });
  const flush = () => {
    flushed = clock();
    if (rows.length > 0) add({ kind: 'metrics', rows, seconds });
    rows = [];
  };
  const append = (body: EntryBody) => {
    flush();
    add(body);
    drain();
  };
  while (next <= seen) append(lost); // readers of the lost entries must not mistake new entries for them
  return {
    append,
    metrics(more, at) {
      rows.push(...more);
      seconds = at;
      if (clock() - flushed < batchTime) return;
      flush();
      drain();
    },
    log: (level, text) => append({ kind: 'log', level, text }),
    sync() {
      permit(); // also for the checkpoint that follows
      flush();
      drain();
      if (trouble) throw trouble;
      try {
        fsyncSync(file);
      } catch (error) {
        throw diskError(path, error);
      }
    },
    close: () => closeSync(file),
  };
}

/** Fills the gaps that damaged lines leave in the file's numbers; returns its length without a torn tail and its last number. */
function repair(path: string): { length: number; last: number } {
  let isDamaged = false;
  let [length, last] = [0, 0];
  const onDamage = () => {
    isDamaged = true;
  };
  const onEnd = (end: number) => {
    length = end;
  };
  for (const { seq } of readEntries(path, { onDamage, onEnd })) last = seq;
  if (!isDamaged) return { length, last };
  length = 0;
  writeAtomically(path, whole());
  return { length, last };

  function* whole(): Generator<Uint8Array> {
    let next = 1;
    const line = (entry: JournalEntry): Uint8Array => {
      const bytes = Buffer.from(encodeEntry(entry));
      length += bytes.length;
      return bytes;
    };
    for (const entry of readEntries(path)) {
      for (; next < entry.seq; next++) yield line({ seq: next, at: entry.at, body: lost });
      yield line(entry);
      next++;
    }
  }
}
const lost: EntryBody = {
  kind: 'log',
  level: 'warn',
  text: 'A line of the journal was damaged here and its content is lost. Check the disk.',
};

/** The file, made where needed, cut to `length` bytes. */
function openAt(path: string, length: number): number {
  try {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
    ftruncateSync(file, length);
    return file;
  } catch (error) {
    throw diskError(path, error);
  }
}
