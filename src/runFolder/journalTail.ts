/** Follows a journal that a process elsewhere appends to, on a file system that tells nobody of changes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { decodeEntry, type JournalEntry } from '#contract/run';
import { diskError } from '#disk/troubles';

const piece = 2 ** 18; // bytes read at once
const most = 10_000; // entries of one call, about

export interface JournalTail {
  /** The entries since the last call. Throws `disk`. */
  read(): JournalEntry[];
}

/**
 * Entries of the journal at `path` from byte 0 on. Skips a torn last line until it is whole, and begins again when a new trainer
 * has cut the file, so an entry may come twice: the store drops those that it has.
 */
export function openJournalTail(path: string): JournalTail {
  let offset = 0;
  return {
    read() {
      const file = openedAt(path);
      if (file === null) return [];
      try {
        // opening asks a network file system for the file's present size, which stat may take from its cache
        const { size } = fstatSync(file);
        if (size < offset) offset = 0;
        const found: JournalEntry[] = [];
        while (offset < size && found.length < most) {
          const bytes = Buffer.allocUnsafe(Math.min(piece, size - offset));
          const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
          const end = text.lastIndexOf(0x0a) + 1;
          if (end === 0) {
            if (text.length < piece) break; // still being written
            offset += text.length; // longer than any entry: damage
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

/** Null while the file does not exist. */
function openedAt(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw diskError(path, error, 'read');
  }
}
