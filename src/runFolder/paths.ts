/** The files of a run's folder, `{home}/runs/{id}`. */
import { join } from 'node:path';

export const runFiles = (folder: string) => ({
  /** `{name, params, args}` as in dl-project, with the run's `id` and `createdAt`. */
  config: join(folder, 'config.json'),
  journal: join(folder, 'journal.jsonl'),
  checkpoint: join(folder, 'checkpoint.safetensors'),
  /** Trained parameters of the best iteration so far, for use elsewhere. */
  best: join(folder, 'best.safetensors'),
  /** Hashes of the frozen weights before and after training. */
  frozen: join(folder, 'frozen.json'),
  /** Tags, note, archive and trash marks. */
  marks: join(folder, 'marks.json'),
  /** The lease of the process that trains the run. */
  lease: join(folder, 'lease.json'),
  /** The cluster job that trains the run. */
  job: join(folder, 'job.json'),
  /** A command to a trainer in another job or on another machine. */
  command: join(folder, 'command.json'),
  /** The output of trainers. */
  log: join(folder, 'trainer.log'),
});
export type RunFiles = ReturnType<typeof runFiles>;
