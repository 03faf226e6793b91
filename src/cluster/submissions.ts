/** The submissions that this app follows: each is one call of sbatch, and one job array. */
import { inTurns } from '#disk/turns';
import { removeRunCommand } from '#runFolder/command';
import { readRunJob, removeRunJob, writeRunJob } from '#runFolder/job';
import { openBatches } from './batches.ts';
import { commentOf } from './batchScript.ts';
import { listJobs, type SlurmJob, submit } from './slurm.ts';

/** Where the job of a run is: a submission and an index in its array. */
export interface JobPlace {
  batch: string;
  task: number;
}

export interface SubmittedRun {
  id: string;
  folder: string;
  /** See `RunJob`. */
  attempts: number;
}

export type Submissions = ReturnType<typeof openSubmissions>;

/** `scriptOf` writes the batch script of a submission. */
export function openSubmissions(home: string, scriptOf: (batch: string, runs: number) => string) {
  const batches = openBatches(home);
  /** The job id of each, null while it is not known, and how many runs of it are followed. */
  const known = new Map<string, { array: string | null; runs: number }>();

  function accept(batch: string, array: string | null, runs: readonly SubmittedRun[]): JobPlace[] {
    known.set(batch, { array, runs: runs.length });
    if (array) batches.saveJob(batch, array);
    return runs.map((_, task) => ({ batch, task }));
  }

  return {
    /** Submits runs as one array and returns the place of each. Throws `cluster`, `config`, `disk`. */
    async submit(runs: readonly SubmittedRun[]): Promise<JobPlace[]> {
      const ids = runs.map(({ id }) => id);
      const { batch, script } = batches.make(ids, (batch) => scriptOf(batch, runs.length));
      await inTurns(runs.entries(), ([task, { folder, attempts }]) => {
        removeRunCommand(folder);
        writeRunJob(folder, { batch, task, attempt: attempts });
      });
      try {
        return accept(batch, await submit(script), runs);
      } catch (error) {
        // Slurm may have accepted the jobs although its answer was lost
        const jobs = await listJobs().catch(() => null);
        const array = jobs && arrayOf(batch, jobs);
        if (array || !jobs) return accept(batch, array, runs); // unknown: it is looked for as soon as Slurm answers
        for (const { folder } of runs) removeRunJob(folder);
        batches.removeIfOver(batch);
        throw error;
      }
    },
    /** Follows the job of a run that another app submitted; null if the run has none. */
    join(folder: string): (JobPlace & { attempts: number }) | null {
      const job = readRunJob(folder);
      if (!job) return null;
      const { batch, task, attempt } = job;
      const submission = known.get(batch) ?? { array: batches.jobOf(batch), runs: 0 };
      known.set(batch, { ...submission, runs: submission.runs + 1 });
      return { batch, task, attempts: attempt };
    },
    /** Finds the job ids of submissions whose app was killed before it could write them. */
    find(jobs: readonly SlurmJob[]): void {
      for (const [batch, submission] of known) {
        if (submission.array !== null) continue;
        submission.array = arrayOf(batch, jobs);
        if (submission.array) batches.saveJob(batch, submission.array);
      }
    },
    /** The name of a job as Slurm writes it, `12_3`; null while it is not known. */
    nameOf(place: JobPlace | null): string | null {
      const array = place && known.get(place.batch)?.array;
      return array ? `${array}_${place.task}` : null;
    },
    arrays: (): Set<string | null> => new Set([...known.values()].map(({ array }) => array)),
    /** Forgets the job of a run, unless another app has given it another, and its submission with the last run of it. */
    leave(folder: string, { batch }: JobPlace): void {
      if (readRunJob(folder)?.batch === batch) removeRunJob(folder);
      const submission = known.get(batch);
      if (!submission || --submission.runs > 0) return;
      batches.removeIfOver(batch);
      known.delete(batch);
    },
  };
}

const arrayOf = (batch: string, jobs: readonly SlurmJob[]): string | null =>
  jobs.find(({ comment }) => comment === commentOf(batch))?.array ?? null;
