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

/** Written before the submission, so that a killed app's jobs are found. Does not wait for the disk: a sweep writes thousands. */
export const writeRunJob = (folder: string, job: RunJob): void =>
  writeAtomically(runFiles(folder).job, [Buffer.from(JSON.stringify(job))], { durable: false });

/** Null when there is none, or none that can be read. */
export function readRunJob(folder: string): RunJob | null {
  try {
    return jobFile.parse(readSmallJson(runFiles(folder).job, largest, 'data'));
  } catch {
    return null;
  }
}

export const removeRunJob = (folder: string): void => rmSync(runFiles(folder).job, { force: true });
