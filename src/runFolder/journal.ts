/**
 * A run's journal, `journal.jsonl`: an append-only file of numbered lines with checksums. The same entries are sent to a listener,
 * each after its line is in the file, so the listener is never ahead of the file.
 *
 * All readers treat damage in the same way: an entry counts if its checksum is correct and its number is higher than all before it;
 * anything else is skipped and reported. A last line without a line end is still being written.
 */
import { closeSync, constants, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { decodeEntry, type EntryBody, encodeEntry, type JournalEntry, type MetricRow } from '#contract/run';
import { writeAtomically, writeFully } from '#disk/atomicFile';
import { openFile } from '#disk/source';
import { diskError } from '#disk/troubles';

/** Most milliseconds that metric rows wait for others to share a line with. */
const batchTime = 250;
const pieces = 2 ** 20; // bytes read at once
const longestLine = 2 ** 26; // bytes; longer lines are damage

export interface Damage {
  /** Line number, from 1. */
  line: number;
  /** How many entries are missing. */
  lost: number;
}

export interface ReadOptions {
  /** Read only entries after this number. */
  after?: number;
  /** Read only entries of these kinds. Missing entries are then not reported. */
  kinds?: readonly EntryBody['kind'][];
  onDamage?(damage: Damage): void;
  /** Called with the offset in bytes at which the newest complete entry ends. */
  onEnd?(length: number): void;
}

/** Matches the beginning of a line, which is enough to skip the line without decoding it. */
const lineHead = /^\{"crc":\d+,"entry":\{"seq":(\d+),"at":[^,]+,"body":\{"kind":"(\w+)"/;
const headBytes = 128;

/** The entries of the journal at `path`, which is read in pieces. None if the file is absent. Throws `disk`. */
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

/** The complete lines of a file, from line 1, without line ends. `end` is the offset of the next line. */
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
        yield { number, bytes: rest.subarray(0, headBytes), end }; // the rest of the line counts as further damage
        rest = Buffer.alloc(0);
      }
    }
  } catch (error) {
    throw diskError(path, error, 'read');
  } finally {
    closeSync(file);
  }
}

/** Most metric rows in a transaction, which take about a tenth of a second on a slow machine. */
const rowsAtOnce = 10_000;

/** Groups entries into stretches of about {@link rowsAtOnce} metric rows. */
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

/** Describes damage in a sentence. */
export function damageText(damage: readonly Damage[]): string {
  const lines = [...new Set(damage.map(({ line }) => line))];
  const lost = damage.reduce((sum, each) => sum + each.lost, 0);
  const where = lines.length === 1 ? `line ${lines[0]}` : `${lines.length} lines, the first ${lines[0]}`;
  return `the journal is damaged at ${where}${lost > 0 ? `; ${lost} ${lost === 1 ? 'entry is' : 'entries are'} lost` : '; no entry is lost'}.`;
}

export interface Journal {
  /** Writes and sends the waiting metric rows, then this entry. */
  append(body: EntryBody): void;
  /** Adds metric rows, and the seconds that the run has taken. They are written with the next entry or after {@link batchTime}. */
  metrics(rows: MetricRow[], seconds?: number): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  /** Flushes the file to the disk. Throws `disk` if entries still cannot be written, and the error of `permit`. */
  sync(): void;
  close(): void;
}

export interface JournalOptions {
  /** Called with every entry once its line is in the file. */
  send?(entry: JournalEntry): void;
  /** Called before every write. It throws if this process must not write any more. */
  permit?(): void;
  /** Number of the newest entry that the store has read, even if the file has lost it since. */
  seen?: number;
  /** Milliseconds since 1970. */
  now?(): number;
  /** Milliseconds of a monotonic clock. */
  clock?(): number;
}

/**
 * Opens the journal at `path` for appending. An incomplete last line is cut off, and every other damaged line is replaced by a
 * warning with the same number, so that numbers have no gaps. They continue over sessions.
 * Lines that the disk refuses wait in memory, in order, and are retried with every later line.
 * Throws `disk` if the file cannot be opened or repaired.
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
      ftruncateSync(file, size); // removes an incomplete line
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
  while (next <= seen) append(lost); // so that readers who have seen lost entries do not mistake new ones for them
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
      permit(); // for the checkpoint that follows, too
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

/** Replaces missing entries by warnings. Returns the file's length without an incomplete last line, and the number of its last entry. */
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
  text: 'A line of the journal was damaged here, and its content is lost. Check the disk.',
};

/** Opens the file, or creates it, and cuts it to `length` bytes. */
function openAt(path: string, length: number): number {
  try {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
    ftruncateSync(file, length);
    return file;
  } catch (error) {
    throw diskError(path, error);
  }
}
