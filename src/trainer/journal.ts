/**
 * A run's journal: an append-only file of numbered, checksummed lines, and the same entries sent to whoever listens.
 * A line is in the file before its message is sent, so a listener never knows more than the file.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { decodeEntry, type EntryBody, encodeEntry, type JournalEntry, type MetricRow } from '#contract/run';
import { diskError } from './files.ts';

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
  entries: JournalEntry[];
  /** Length of the file up to the end of its last whole entry, in bytes. */
  length: number;
  /** Numbers (from 1) of the lines before that which are torn or altered. */
  damaged: number[];
}

/** What a journal file holds; an absent file is an empty journal. */
export function readJournal(path: string): JournalContent {
  const content: JournalContent = { entries: [], length: 0, damaged: [] };
  if (!existsSync(path)) return content;
  const bytes = readFileSync(path);
  const bad: number[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) break;
    const entry = decodeEntry(bytes.toString('utf8', start, end));
    start = end + 1;
    if (!entry) {
      bad.push(line);
      continue;
    }
    content.entries.push(entry);
    content.length = start;
    content.damaged = [...bad]; // a bad line counts as damage only where a good one follows; the others are the torn tail
  }
  return content;
}

/**
 * Opens the journal at `path` for appending, cutting off a torn tail; numbers continue over sessions.
 * While the disk refuses lines they wait in memory, in order, and are tried again with every later one.
 */
export function openJournal(path: string, { send = () => {}, now = Date.now }: JournalOptions = {}): Journal {
  const { entries, length, damaged } = readJournal(path);
  const file = openSync(path, existsSync(path) ? 'r+' : 'wx+');
  ftruncateSync(file, length);
  let size = length;
  let next = (entries.at(-1)?.seq ?? 0) + 1;
  let rows: MetricRow[] = [];
  let flushed = now();
  let trouble: Error | undefined;
  const waiting: JournalEntry[] = [];

  const write = (entry: JournalEntry) => {
    const line = Buffer.from(encodeEntry(entry));
    try {
      let done = 0;
      while (done < line.length) done += writeSync(file, line, done, line.length - done, size + done);
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
  const journal: Journal = {
    append(body) {
      flush();
      add(body);
      drain();
    },
    metrics(more) {
      rows.push(...more);
      if (now() - flushed < batchTime) return;
      flush();
      drain();
    },
    log: (level, text) => journal.append({ kind: 'log', level, text }),
    sync() {
      flush();
      drain();
      if (trouble) throw trouble;
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
  if (damaged.length > 0) {
    journal.log(
      'warn',
      `journal.jsonl: ${damaged.length} damaged line(s) (${damaged.slice(0, 5).join(', ')}); the metrics in them are lost.`,
    );
  }
  return journal;
}
