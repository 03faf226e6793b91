import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEntry, type JournalEntry } from '#contract/run';
import { openJournal, readEntries } from '#runFolder/journal';
import { canLimitFiles, withFileLimit } from '../disk/fileLimit.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const texts = () => [...readEntries(path)].map(({ body }) => (body.kind === 'log' ? body.text : body.kind));
const numbers = () => [...readEntries(path)].map(({ seq }) => seq);

/** A journal with the given log lines, closed. */
function writeLogs(...lines: string[]): void {
  const journal = openJournal(path);
  for (const line of lines) journal.log('info', line);
  journal.close();
}

describe('openJournal', () => {
  it('continues the numbers of earlier sessions', () => {
    writeLogs('a', 'b');
    writeLogs('c');
    expect(texts()).toEqual(['a', 'b', 'c']);
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it('cuts off a last entry that is incomplete at any byte, and continues from the one before', () => {
    writeLogs('first', 'second');
    const whole = readFileSync(path);
    const firstLine = whole.indexOf(0x0a) + 1;
    for (let length = firstLine; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      writeLogs('third');
      expect(texts()).toEqual(['first', 'third']);
      expect(numbers()).toEqual([1, 2]);
    }
  });

  it('cuts off a whole last line whose checksum is wrong', () => {
    writeLogs('first', 'second');
    writeFileSync(path, readFileSync(path, 'utf8').replace('second', 'altered'));
    writeLogs('third');
    expect(texts()).toEqual(['first', 'third']);
  });

  it('replaces a damaged line by a warning with the same number', () => {
    writeLogs('first', 'second', 'third', 'fourth');
    writeFileSync(path, readFileSync(path, 'utf8').replace('second', 'secund').replace('third', 'th\nrd'));
    writeLogs('fifth');
    const lost = expect.stringContaining('A line of the journal was damaged here');
    expect(texts()).toEqual(['first', lost, lost, 'fourth', 'fifth']);
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('starts over if the file is garbage', () => {
    appendFileSync(path, Buffer.from([0, 255, 10, 1, 2, 3]));
    writeLogs('first');
    expect(texts()).toEqual(['first']);
    expect(readFileSync(path, 'utf8').startsWith('{"crc":')).toBe(true);
  });

  it('reuses no number whose entry was read, even if a power cut lost the line', () => {
    writeLogs('first', 'second', 'third');
    truncateSync(path, readFileSync(path).indexOf(0x0a) + 1);
    const journal = openJournal(path, { seen: 3 });
    journal.log('info', 'fourth');
    journal.close();
    const lost = expect.stringContaining('A line of the journal was damaged here');
    expect(texts()).toEqual(['first', lost, lost, 'fourth']);
    expect(numbers()).toEqual([1, 2, 3, 4]);
  });

  it('refuses to flush, and so to checkpoint, in a process that lost the lease', () => {
    const journal = openJournal(path, {
      permit() {
        throw new Error('taken over');
      },
    });
    expect(() => journal.sync()).toThrow('taken over');
    journal.close();
  });

  it('throws disk if the folder does not exist', () => {
    expect(() => openJournal(join(folder, 'no', 'journal.jsonl'))).toThrow(expect.objectContaining({ code: 'disk' }));
  });
});

describe('messages', () => {
  it('are sent after their line is in the file', () => {
    const sent: JournalEntry[] = [];
    const journal = openJournal(path, {
      send(entry) {
        sent.push(entry);
        expect(readFileSync(path, 'utf8').endsWith(encodeEntry(entry))).toBe(true);
      },
    });
    journal.log('info', 'a');
    journal.append({ kind: 'checkpoint', step: 3 });
    expect(sent).toEqual([...readEntries(path)]);
    journal.close();
  });
});

describe('metrics', () => {
  const rowsOf = (entries: JournalEntry[]) =>
    entries.flatMap(({ body }) => (body.kind === 'metrics' ? [body.rows.length] : []));

  it('share a line until 250 ms have passed', () => {
    let now = 1000;
    const journal = openJournal(path, { clock: () => now });
    for (let step = 1; step <= 9; step++) {
      now += 100;
      journal.metrics([['train_loss', step, 1 / step]]);
    }
    expect(rowsOf([...readEntries(path)])).toEqual([3, 3, 3]);
    journal.close();
  });

  it('come before any entry that follows them', () => {
    const journal = openJournal(path, { clock: () => 0 });
    journal.metrics([['train_loss', 1, 2]]);
    journal.append({ kind: 'checkpoint', step: 1 });
    journal.metrics([['train_loss', 2, 2]]);
    journal.sync();
    expect(texts()).toEqual(['metrics', 'checkpoint', 'metrics']);
    journal.close();
  });
});

describe.skipIf(!canLimitFiles)('a full disk', () => {
  it('leaves only complete lines; entries wait in order, unsent, until there is space again', () => {
    const sent: number[] = [];
    const journal = openJournal(path, { send: ({ seq }) => sent.push(seq) });
    journal.log('info', 'before');
    withFileLimit(readFileSync(path).length + 30, () => {
      journal.log('info', 'waiting');
      journal.metrics([['train_loss', 1, 2]]);
      expect(() => journal.sync()).toThrow(/journal\.jsonl could not be written: .*EFBIG.* Raise the limit/);
      expect(texts()).toEqual(['before']);
      expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
      expect(sent).toEqual([1]);
    });
    journal.log('info', 'after');
    expect(texts()).toEqual(['before', 'waiting', 'metrics', 'after']);
    expect(sent).toEqual([1, 2, 3, 4]);
    journal.close();
  });
});

it('an absent or empty file is an empty journal', () => {
  expect([...readEntries(path)]).toEqual([]);
  writeFileSync(path, '');
  truncateSync(path, 0);
  expect([...readEntries(path)]).toEqual([]);
});

it('a thousand short journals that are read at once take no memory to speak of', () => {
  writeLogs('a', 'b');
  const { arrayBuffers } = process.memoryUsage();
  for (let count = 0; count < 1000; count++) expect(texts()).toHaveLength(2);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(8 * 2 ** 20);
});
