/** A Slurm cluster that trains runs: its settings, its state, and the app's services for it. */
import { z } from 'zod';
import './issueTexts.ts';

/** Where the trainer of a run starts: as a process on this machine, or as a job of the cluster. */
export const launchers = ['local', 'slurm'] as const;
export const launcherName = z.enum(launchers);
export type LauncherName = z.infer<typeof launcherName>;

/** Text that fits into one line of a batch script. */
const line = z
  .string()
  .max(1000)
  .regex(/^[^\n\r\0]*$/, 'expected one line');
const word = line.regex(/^[^\s"'\\#]*$/, 'expected no spaces, quotes, backslashes or #');
const place = line.regex(/^(\/.*)?$/, 'expected a path that begins with /');
const text = z
  .string()
  .max(100_000)
  .refine((value) => !value.includes('\0'), 'expected text');

/** Slurm's forms of a time: minutes, minutes:seconds, hours:minutes:seconds, and days-hours with or without the rest. */
const timeForm = /^(?:(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?|unlimited|infinite)?$/i;

/** Seconds of a time limit; null for none. */
function secondsOf(time: string): number | null {
  const [, days, ...rest] = timeForm.exec(time) ?? [];
  const given = rest.filter((part) => part !== undefined).map(Number);
  if (given.length === 0) return null;
  const [hours, minutes, seconds] = days || given.length === 3 ? given : [0, ...given];
  return ((Number(days ?? 0) * 24 + hours) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

const fields = z.object({
  partition: word.default('').describe('partition; several are separated by commas'),
  account: word.default('').describe('account that the jobs are charged to'),
  gres: word.default('').describe('generic resources of a run, such as gpu:1'),
  cpus: z.int().min(1).max(1024).default(4).describe('cores of a run'),
  memory: word.default('').describe('memory of a run, such as 8G'),
  time: word
    .regex(timeForm, 'expected a time such as 90 (minutes), 4:00:00 or 2-12:00:00')
    .default('')
    .describe('time limit of a job, such as 4:00:00; the run continues in another job'),
  constraint: word.default('').describe('features that the nodes must have'),
  sbatch: text.default('').describe('further options of sbatch, one per line, such as --qos=low'),
  prologue: text.default('').describe('shell commands before the trainer, such as module load cuda'),
  program: place.default('').describe('folder of Permafrost on the nodes; the same path as here by default'),
  node: line.default('').describe('Node program on the nodes; the one that was installed with Permafrost by default'),
  home: place.default('').describe('Permafrost home as the nodes see it; the same path as here by default'),
  tasks: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('how many runs of one submission may run at once; 0: no limit'),
  grace: z
    .int()
    .min(10)
    .max(3600)
    .default(120)
    .describe('seconds before the time limit at which a run writes its checkpoint'),
  requeues: z
    .int()
    .min(0)
    .max(1000)
    .default(20)
    .describe('how often a run continues after a time limit or a lost node'),
});

/** Settings of the cluster. An empty string leaves the choice to Slurm. */
export const clusterSettings = fields.refine(
  ({ time, grace }) => (secondsOf(time) ?? Number.POSITIVE_INFINITY) > grace,
  {
    path: ['time'],
    message: 'expected more than the seconds of grace, or a run would do nothing but write checkpoints',
  },
);
export type ClusterSettings = z.infer<typeof clusterSettings>;
export type ClusterField = keyof ClusterSettings;

export const clusterFields = Object.keys(clusterSettings.shape) as ClusterField[];

export interface Partition {
  name: string;
  /** `up`, `down`, `drain` or `inactive`. */
  availability: string;
  nodes: number;
  idleNodes: number;
  cpus: number;
  idleCpus: number;
  gpus: number;
  freeGpus: number;
}

/** A waiting or running job of ours. Array tasks that wait for the same reason count as one job. */
export interface ClusterJob {
  /** In Slurm's notation, such as `12_[3-40]`. */
  id: string;
  state: string;
  /** Why it waits, in Slurm's words; empty for a running job. */
  reason: string;
  nodes: string;
  /** Number of array tasks in this job. */
  tasks: number;
}

export interface ClusterState {
  /** Why the cluster cannot be used; null when it can. */
  problem: string | null;
  partitions: Partition[];
  jobs: ClusterJob[];
}

export interface ClusterServices {
  settings(): ClusterSettings;
  /** Stores the settings for future jobs; submitted jobs keep theirs. Throws `config`, `disk`. */
  save(settings: ClusterSettings): void;
  /** Asks Slurm for its partitions and our jobs; never throws. */
  state(): Promise<ClusterState>;
  /** The batch script that would submit this number of runs. */
  script(runs: number): string;
}
