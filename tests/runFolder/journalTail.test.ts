import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeEntry } from '#contract/run';
import { openJournalTail } from '#runFolder/journalTail';

let path: string;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));
const line = (seq: number, text = 'x') => encodeEntry({ seq, at: 0, body: { kind: 'log', level: 'info', text } });

it('the tail of a journal gives every entry once, and an incomplete line once it is complete', () => {
  const tail = openJournalTail(path);
  const seqs = () => tail.read().map(({ seq }) => seq);
  expect(seqs()).toEqual([]);
  writeFileSync(path, line(1) + line(2));
  expect(seqs()).toEqual([1, 2]);
  const third = line(3);
  appendFileSync(path, third.slice(0, 40));
  expect(seqs()).toEqual([]);
  appendFileSync(path, third.slice(40));
  expect(seqs()).toEqual([3]);
});

it('the tail of a journal begins again after a new trainer has cut the file', () => {
  const tail = openJournalTail(path);
  writeFileSync(path, line(1) + line(2, 'x'.repeat(200)));
  tail.read();
  writeFileSync(path, line(1) + line(2, 'lost'));
  expect(tail.read().map(({ seq }) => seq)).toEqual([1, 2]);
});

it('damaged lines and lines beyond every limit are skipped', () => {
  const tail = openJournalTail(path);
  writeFileSync(path, `${line(1)}damage\n${'x'.repeat(2 ** 19)}\n${line(2)}`);
  expect(tail.read().map(({ seq }) => seq)).toEqual([1, 2]);
});
