/**
 * A run's journal: an append-only file of numbered, checksummed lines, and the same entries sent to whoever listens.
 * A line is in the file before its message is sent, so a listener never knows more than the file.
 */
import { closeSync, constants, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { decodeEntry, type EntryBody, encodeEntry, type JournalEntry, type MetricRow } from '#contract/run';
import { diskError, writeAtomically } from './files.ts';

/** Metric rows wait at most so long (ms) for others to share their line. */
const batchTime = 250;

export interface Journal {
  /** Writes and sends the waiting metric rows, then this entry. */
  append(body: EntryBody): void;
  /** Adds metric rows; they are written with the next entry or when {@link batchTime} has passed. */
  metrics(rows: MetricRow[]): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  /** Flushes the file to the disk itself. Throws `disk` when entries are still waiting to be written. */
  sync(): void;
  close(): void;
}

export interface JournalOptions {
  /** Called with every entry once its line is in the file. */
  send?(entry: JournalEntry): void;
  /** Milliseconds since 1970. */
  now?(): number;
}

export interface JournalContent {
  /** In order; numbers are missing where lines were damaged. */
  entries: JournalEntry[];
  /** Length of the file up to the end of its last whole entry, in bytes. What follows is a torn tail. */
  length: number;
}

/** What a journal file holds, damaged lines left out; an absent file is an empty journal. */
export function readJournal(path: string): JournalContent {
  const content: JournalContent = { entries: [], length: 0 };
  if (!existsSync(path)) return content;
  const bytes = readFileSync(path);
  for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    const entry = decodeEntry(bytes.toString('utf8', start, end));
    if (!entry) continue;
    content.entries.push(entry);
    content.length = end + 1;
  }
  return content;
}

/**
 * Opens the journal at `path` for appending. A torn tail is cut off and every other damaged line replaced by a warning
 * of the same number, so that numbers have no gaps; they continue over sessions.
 * While the disk refuses lines they wait in memory, in order, and are tried again with every later one.
 * Throws `disk` when the file cannot be opened or mended.
 */
export function openJournal(path: string, { send = () => {}, now = Date.now }: JournalOptions = {}): Journal {
  const { length, last } = mend(path);
  const file = openAt(path, length);
  let size = length;
  let next = last + 1;
  let rows: MetricRow[] = [];
  let flushed = now();
  let trouble: Error | undefined;
  const waiting: JournalEntry[] = [];

  const write = (entry: JournalEntry) => {
    const line = Buffer.from(encodeEntry(entry));
    try {
      for (let done = 0; done < line.length; ) done += writeSync(file, line, done, line.length - done, size + done);
      size += line.length;
    } catch (error) {
      ftruncateSync(file, size); // no half line stays
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
    flushed = now();
    if (rows.length > 0) add({ kind: 'metrics', rows });
    rows = [];
  };
  const append = (body: EntryBody) => {
    flush();
    add(body);
    drain();
  };
  return {
    append,
    metrics(more) {
      rows.push(...more);
      if (now() - flushed < batchTime) return;
      flush();
      drain();
    },
    log: (level, text) => append({ kind: 'log', level, text }),
    sync() {
      flush();
      drain();
      if (trouble) throw trouble;
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}

/** Fills the gaps that damaged lines leave in the file's numbers; returns its length without a torn tail and its last number. */
function mend(path: string): { length: number; last: number } {
  const { entries, length } = readJournal(path);
  const last = entries.at(-1)?.seq ?? 0;
  if (last === entries.length) return { length, last };
  const whole: JournalEntry[] = [];
  for (const entry of entries) {
    while (whole.length + 1 < entry.seq) whole.push({ seq: whole.length + 1, at: entry.at, body: lost });
    whole.push(entry);
  }
  const lines = whole.map((entry) => Buffer.from(encodeEntry(entry)));
  writeAtomically(path, lines);
  return { length: lines.reduce((sum, line) => sum + line.length, 0), last };
}
const lost: EntryBody = {
  kind: 'log',
  level: 'warn',
  text: 'A line of the journal was damaged here; what it said is lost. Check the disk.',
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
