/** The submissions of a home, in `{home}/cluster/{batch}`: the runs of a job array, its script, and its job id if Slurm has answered. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '#disk/atomicFile';
import { belowOwner } from '#disk/removable';
import { diskError } from '#disk/troubles';
import { readRunJob } from '#runFolder/job';

export function openBatches(home: string) {
  const owner = join(home, 'cluster');
  const write = (batch: string, name: string, text: string) =>
    writeAtomically(join(owner, batch, name), [Buffer.from(text)], { durable: false });
  const read = (batch: string, name: string): string => {
    try {
      return readFileSync(join(owner, batch, name), 'utf8').trim();
    } catch {
      return '';
    }
  };
  return {
    /** Makes the folder of a submission; `scriptOf` makes the batch script from the submission's name. Throws `disk`. */
    make(runs: readonly string[], scriptOf: (batch: string) => string): { batch: string; script: string } {
      const batch = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(4).toString('hex')}`;
      const script = scriptOf(batch);
      try {
        mkdirSync(join(owner, batch), { recursive: true });
      } catch (error) {
        throw diskError(join(owner, batch), error);
      }
      write(batch, 'runs', `${runs.join('\n')}\n`);
      write(batch, 'script.sh', script);
      return { batch, script };
    },
    saveJob: (batch: string, job: string): void => write(batch, 'job', `${job}\n`),
    /** Id of its job array; null if the app ended before it could write Slurm's answer. */
    jobOf: (batch: string): string | null => read(batch, 'job') || null,
    /** Removes a submission unless a run still has a job in it. */
    removeIfOver(batch: string): void {
      if (!existsSync(join(owner, batch))) return;
      const runs = read(batch, 'runs').split('\n').filter(Boolean);
      if (runs.some((run) => readRunJob(join(home, 'runs', run))?.batch === batch)) return;
      rmSync(belowOwner({ owner, path: join(owner, batch) }), { recursive: true, force: true });
    },
  };
}
