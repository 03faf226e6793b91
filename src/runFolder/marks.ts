/** `marks.json` of a run folder: a copy of the run's tags, note, archive and trash marks in the store, in case the store is lost. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type WriteOptions, writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';

const largest = 2 ** 24; // bytes

const runMarks = z.object({
  tags: z.array(z.string()).default([]),
  note: z.string().default(''),
  archived: z.boolean().default(false),
  /** When the run was moved to the trash; null if it was not. */
  trashedAt: z.number().nullable().default(null),
});
export type RunMarks = z.infer<typeof runMarks>;

export const writeMarks = (path: string, marks: RunMarks, options?: WriteOptions): void =>
  writeAtomically(path, [Buffer.from(`${JSON.stringify(marks, null, 2)}\n`)], options);

/** The marks at `path`; null if the file is missing or damaged, since damaged marks must not hide a run. */
export function readMarks(path: string): RunMarks | null {
  if (!existsSync(path)) return null;
  try {
    return runMarks.parse(readSmallJson(path, largest, 'data'));
  } catch {
    return null;
  }
}
