/**
 * Runs Slurm's commands and reads their answers. Jobs and nodes are read as columns, which have been stable for ten years. `--json`
 * ignores filters before Slurm 23.02, so it would return all jobs of the cluster, and its fields differ between versions.
 */
import { execFile } from 'node:child_process';
import type { ClusterJob, Partition } from '#contract/cluster';
import { PermafrostError } from '#contract/errors';
import { ownVariables } from './batchScript.ts';

/** A job of ours, or several waiting tasks of an array. */
export interface SlurmJob {
  array: string;
  /** Index of its task, or the indices of waiting tasks: `3`, `4-9,12`, `0-8:2%4`. */
  tasks: string;
  state: string;
  /** Exit code of the batch script, or 128 plus the number of the signal that ended it. */
  exit: number;
  /** How often Slurm has started it again. */
  restarts: number;
  nodes: string;
  /** Why it waits. */
  reason: string;
  comment: string;
}

/** States of jobs that wait or will wait again. */
const waitingStates = [
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
];
const overStates = [
  ...['BOOT_FAIL', 'CANCELLED', 'COMPLETED', 'DEADLINE', 'FAILED', 'NODE_FAIL', 'OUT_OF_MEMORY', 'PREEMPTED'],
  ...['REVOKED', 'TIMEOUT', 'LAUNCH_FAILED', 'RECONFIG_FAIL'],
];

export const phaseOf = ({ state }: Pick<SlurmJob, 'state'>): 'waiting' | 'running' | 'over' =>
  waitingStates.includes(state) ? 'waiting' : overStates.includes(state) ? 'over' : 'running';

const timeLimit = 60_000; // ms for a command; Slurm itself waits 10 s for its controller
const largestAnswer = 2 ** 28; // bytes

const slurmEnvironment = (): NodeJS.ProcessEnv => {
  const environment = { ...process.env, SLURM_BITSTR_LEN: '0', LC_ALL: 'C' };
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ownVariables.includes(name)));
};

interface SlurmOptions {
  /** Standard input. */
  input?: string;
  /** An exit code is no error if every line of stderr matches. */
  ignored?: RegExp;
}

/** Runs a Slurm command. Throws `cluster` with Slurm's message. */
function slurm(command: string, args: readonly string[], { input, ignored }: SlurmOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { timeout: timeLimit, maxBuffer: largestAnswer, env: slurmEnvironment() },
      (error, stdout, stderr) => {
        const lines = stderr.split('\n').filter(Boolean);
        const hasExited = typeof error?.code === 'number'; // neither missing nor killed
        const isIgnored = ignored && hasExited && lines.every((line) => ignored.test(line));
        if (error && !isIgnored) reject(slurmError(command, error, stderr));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {}); // the exit code reports the failure
    child.stdin?.end(input);
  });
}

function slurmError(command: string, error: Error & { code?: unknown }, stderr: string): PermafrostError {
  if (error.code === 'ENOENT')
    return new PermafrostError(
      'cluster',
      `There is no Slurm here: the command ${command} is missing. Run Permafrost on a login node of the cluster, or train on this machine.`,
      { cause: error },
    );
  const lines = stderr.split('\n').map((line) => line.replace(/^\w+: (error|fatal): /, '').trim());
  const said = [...new Set(lines.filter(Boolean))].slice(0, 3).join('; ') || error.message.trim();
  if (/munge|authenticat|credential/i.test(said))
    return new PermafrostError(
      'cluster',
      `Slurm refuses this user or machine (${command}: ${said}). Check that munged runs here with the cluster's key.`,
      { cause: error },
    );
  if (/fetch config|dns srv|slurm\.conf/i.test(said))
    return new PermafrostError(
      'cluster',
      `Slurm's commands are installed here, but they find no cluster (${command}: ${said}). Run Permafrost on a login node of the cluster, or train on this machine.`,
      { cause: error },
    );
  if (isUnreachable(said))
    return new PermafrostError(
      'cluster',
      `Slurm's controller does not answer (${command}: ${said}). Running jobs continue.`,
      { cause: error },
    );
  return new PermafrostError('cluster', `Slurm refuses (${command}): ${said}.`, { cause: error });
}

const isUnreachable = (said: string): boolean =>
  /unable to contact|connection refused|connect failure|timed out|zero bytes|communication|not responding|backup controller/i.test(
    said,
  );

/** Whether a retry of the request may succeed. */
export const isTemporarilyRefused = (error: unknown): boolean =>
  error instanceof PermafrostError &&
  error.code === 'cluster' &&
  (/controller does not answer/.test(error.message) || /try again|temporar/i.test(error.message));

const separator = '|';
const columns = (names: readonly string[]): string => names.map((name) => `${name}:${separator}`).join(',');

/** Splits an answer into rows and cells. */
const rowsOf = (answer: string): string[][] =>
  answer
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split(separator).map((cell) => cell.trim()));

/** Lists our jobs, including recently ended ones. Throws `cluster`. */
export async function listJobs(): Promise<SlurmJob[]> {
  const fields = ['ArrayJobID', 'ArrayTaskID', 'State', 'exit_code', 'RestartCnt', 'NodeList', 'Comment', 'Reason'];
  const me = process.getuid?.() ?? '';
  const answer = await slurm('squeue', [
    '--noheader',
    '--states=all',
    '--name=permafrost',
    `--user=${me}`,
    '-O',
    columns(fields),
  ]);
  return rowsOf(answer).map(([array, tasks, state, exit, restarts, nodes, comment, reason]) => ({
    ...{ array, tasks, state, exit: exitOf(Number(exit)), restarts: Number(restarts), nodes, comment, reason },
  }));
}

/** Converts a wait status to an exit code. */
const exitOf = (status: number): number => ((status & 127) > 0 ? 128 + (status & 127) : status >> 8);

/** Task indices of `0-8:2,12%4`. */
export function taskIndices(text: string): number[] {
  return text
    .replace(/%\d+$/, '')
    .split(',')
    .flatMap((part) => {
      const [, first, last = first, step = '1'] = /^(\d+)(?:-(\d+))?(?::(\d+))?$/.exec(part) ?? [];
      if (first === undefined) return [];
      const indices: number[] = [];
      for (let index = Number(first); index <= Number(last); index += Number(step)) indices.push(index);
      return indices;
    });
}

/** Submits a batch script; returns the id of the job. Throws `cluster`. */
export async function submit(script: string): Promise<string> {
  const answer = await slurm('sbatch', ['--parsable'], { input: script });
  const [id] = answer.trim().split(';'); // the name of the cluster may follow
  if (/^\d+$/.test(id)) return id;
  throw new PermafrostError('cluster', `Expected the id of a job from sbatch; found "${answer.trim()}".`);
}

/** How many jobs one command may name; each name has at most 20 characters. */
const namedAtOnce = 2000;
/** What scancel says of an ended job, if it says anything, before it goes on with the next. */
const ended = /Invalid job id|already completing or completed/;

/** Sends a signal to jobs (`12_3`), or cancels them if no signal is given. Ignores ended jobs. Throws `cluster`. */
export async function signalJobs(jobs: readonly string[], signal?: string): Promise<void> {
  for (let start = 0; start < jobs.length; start += namedAtOnce) {
    const named = jobs.slice(start, start + namedAtOnce);
    await slurm('scancel', [...(signal ? ['--batch', `--signal=${signal}`] : []), ...named], { ignored: ended });
  }
}

/** The largest number of tasks in an array on this cluster. Throws `cluster`. */
export async function largestArray(): Promise<number> {
  const answer = await slurm('scontrol', ['show', 'config']);
  return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(answer)?.[1] ?? 1001) - 1;
}

/** Lists partitions with their free resources. Throws `cluster`. */
export async function listPartitions(): Promise<Partition[]> {
  const fields = ['Partition', 'Available', 'StateCompact', 'CPUsState', 'Gres', 'GresUsed', 'NodeHost'];
  const answer = await slurm('sinfo', ['--noheader', '--Node', '-O', columns(fields)]);
  const partitions = new Map<string, Partition>();
  for (const [name, availability, state, cpus, gres, gresUsed] of rowsOf(answer)) {
    const partition = partitions.get(name) ?? {
      ...{ name, availability, nodes: 0, idleNodes: 0, cpus: 0, idleCpus: 0, gpus: 0, freeGpus: 0 },
    };
    partitions.set(name, partition);
    const [, idle = 0, , total = 0] = cpus.split('/').map(Number); // allocated/idle/other/total
    const isUsable = /^(idle|mix|alloc)[^*]*$/.test(state);
    partition.nodes++;
    partition.idleNodes += state === 'idle' ? 1 : 0;
    partition.cpus += total;
    partition.idleCpus += idle;
    partition.gpus += gpusIn(gres);
    partition.freeGpus += isUsable ? gpusIn(gres) - gpusIn(gresUsed) : 0;
  }
  return [...partitions.values()];
}

/** The number of GPUs in `gpu:a100:4(S:0-1),shard:8` or `gpu:2(IDX:0-1)`. */
function gpusIn(gres: string): number {
  const counts = gres
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((one) => /^gpu(?::[^:]+)?:(\d+)$/.exec(one)?.[1] ?? (one === 'gpu' ? '1' : '0'));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

/** Converts a job for display. */
export const clusterJobOf = ({ array, tasks, state, reason, nodes }: SlurmJob): ClusterJob => ({
  id: /^\d+$/.test(tasks) ? `${array}_${tasks}` : `${array}_[${tasks}]`,
  ...{ state, nodes, reason: phaseOf({ state }) === 'waiting' ? reason : '', tasks: taskIndices(tasks).length },
});
