/** What the end of a job means for its run. Pure. */
import type { Outcome } from '#scheduler/launch';
import { requeuesSpent, scriptExits } from './batchScript.ts';
import type { SlurmJob } from './slurm.ts';

/** What the job did for its run. */
export interface JobPast {
  /** The app asked it to end. */
  isAsked: boolean;
  /** The newest journal entry is that of a trainer that was interrupted. */
  isInterrupted: boolean;
  /** Jobs and restarts that the run has had beyond its first job. */
  attempts: number;
  /** The setting of that name. */
  requeues: number;
}

/** `again`: the run goes on in another job. `how` and `otherwise` are those of a trainer's end. */
export type JobEnd = 'again' | { how: string; otherwise?: Outcome };

/** States of jobs that did nothing wrong. */
const interruptions = ['BOOT_FAIL', 'NODE_FAIL', 'PREEMPTED', 'TIMEOUT'];

const memoryAdvice = 'raise the cluster setting memory';
/** What to do about a state. */
const advice: Readonly<Record<string, string>> = { OUT_OF_MEMORY: memoryAdvice };
/** What an exit code of the batch script means. */
const exits: Readonly<Record<number, string>> = {
  ...scriptExits,
  // without cgroups Slurm does not call it OUT_OF_MEMORY
  137: `killed (SIGKILL), mostly because a job takes too much memory: ${memoryAdvice}`,
};

/** Says how a run rests whose job is over while its journal does not end, or that it goes on. */
export function endOfJob(name: string, { state, nodes, exit }: SlurmJob, past: JobPast): JobEnd {
  const { isAsked, isInterrupted, attempts, requeues } = past;
  // COMPLETED, if the time limit interrupted the job and its request to be requeued failed
  const mayGoOn = !isAsked && (interruptions.includes(state) || (state === 'COMPLETED' && isInterrupted));
  if (mayGoOn && attempts < requeues) return 'again';
  if (!isAsked && state === 'CANCELLED') {
    const message = `Slurm job ${name} was cancelled outside of Permafrost. Resume the run to continue from its last checkpoint.`;
    return { how: message, otherwise: { state: 'stopped', reason: { code: 'cancelled', message } } };
  }
  const why = mayGoOn
    ? requeuesSpent
    : (advice[state] ?? (exit === 0 ? undefined : (exits[exit] ?? `exit code ${exit}`)));
  return { how: `Slurm job ${name}${nodes ? ` on ${nodes}` : ''}: ${state}${why ? `, ${why}` : ''}` };
}
