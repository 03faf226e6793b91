/** `marks.json` of a run folder: what a person wrote on the run. The store holds the same; this copy survives the store. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type WriteOptions, writeAtomically } from '#disk/atomicFile';
import { readSmallText } from '#disk/source';

const largest = 2 ** 24; // bytes

export const runMarks = z.object({
  tags: z.array(z.string()).default([]),
  note: z.string().default(''),
  archived: z.boolean().default(false),
  /** When it was put in the trash; null: it is not there. */
  trashedAt: z.number().nullable().default(null),
});
export type RunMarks = z.infer<typeof runMarks>;

export const writeMarks = (path: string, marks: RunMarks, options?: WriteOptions): void =>
  writeAtomically(path, [Buffer.from(`${JSON.stringify(marks, null, 2)}\n`)], options);

/** The marks at `path`; null where there are none or the file is damaged: a run is worth more than its tags. */
export function readMarks(path: string): RunMarks | null {
  if (!existsSync(path)) return null;
  try {
    return runMarks.parse(JSON.parse(readSmallText(path, largest)));
  } catch {
    return null;
  }
}
