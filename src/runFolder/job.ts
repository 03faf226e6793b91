/** `job.json` of a run folder: the cluster job that trains the run. It exists while that job may be waiting or running. */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { writeAtomically } from '#disk/atomicFile';
import { readSmallJson } from '#disk/source';
import { runFiles } from './paths.ts';

const jobFile = z.object({
  /** The submission, a folder of `{home}/cluster`. */
  batch: z.string(),
  /** Index in the job array of the submission. */
  task: z.int().min(0),
  /** Jobs of this run before, and their restarts by Slurm, since a user started it. The batch script reads it. */
  attempt: z.int().min(0).default(0),
});
export type RunJob = z.infer<typeof jobFile>;

const largest = 10_000; // bytes

/** Writes the file. Call it before the submission, so that jobs of a killed app can be found. Does not flush, because a sweep writes thousands. */
export const writeRunJob = (folder: string, job: RunJob): void =>
  writeAtomically(runFiles(folder).job, [Buffer.from(JSON.stringify(job))], { durable: false });

/** Reads the file; null if it is missing or damaged. */
export function readRunJob(folder: string): RunJob | null {
  try {
    return jobFile.parse(readSmallJson(runFiles(folder).job, largest, 'data'));
  } catch {
    return null;
  }
}

export const removeRunJob = (folder: string): void => rmSync(runFiles(folder).job, { force: true });
