/** Follows a journal that a process on another machine appends to, by polling, since network file systems do not report changes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { decodeEntry, type JournalEntry } from '#contract/run';
import { diskError } from '#disk/troubles';

const piece = 2 ** 18; // bytes read at once
const most = 10_000; // entries per call, approximately

export interface JournalTail {
  /** The entries since the last call. Throws `disk`. */
  read(): JournalEntry[];
}

/**
 * Opens the tail of the journal at `path`, from byte 0 on. An incomplete last line is skipped until it is complete. If a new trainer
 * has cut the file, reading begins again, so entries may be repeated; the store ignores those that it has.
 */
export function openJournalTail(path: string): JournalTail {
  let offset = 0;
  return {
    read() {
      const file = openedAt(path);
      if (file === null) return [];
      try {
        // opening makes a network file system ask for the file's present size; stat alone may use a cached one
        const { size } = fstatSync(file);
        if (size < offset) offset = 0;
        const found: JournalEntry[] = [];
        while (offset < size && found.length < most) {
          const bytes = Buffer.allocUnsafe(Math.min(piece, size - offset));
          const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
          const end = text.lastIndexOf(0x0a) + 1;
          if (end === 0) {
            if (text.length < piece) break; // the line is still being written
            offset += text.length; // damage, since no entry is this long
            continue;
          }
          for (const line of text.toString('utf8', 0, end - 1).split('\n')) {
            const entry = decodeEntry(line);
            if (entry) found.push(entry);
          }
          offset += end;
        }
        return found;
      } catch (error) {
        throw diskError(path, error, 'read');
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Opens the file; null if it does not exist. */
function openedAt(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw diskError(path, error, 'read');
  }
}
