/** Follows runs that are with Slurm: reads their journals from the shared file system, and asks Slurm why they wait or how they ended. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { TrainerCommand } from '#contract/run';
import type { JournalTail } from '#runFolder/journalTail';
import type { TrainerListener } from '#scheduler/launch';
import { listJobs, phaseOf, type SlurmJob, taskIndices } from './slurm.ts';
import type { JobPlace, Submissions, SubmittedRun } from './submissions.ts';

export interface FollowedRun extends SubmittedRun {
  /** Number of the newest entry in the store when this app started to follow the run. */
  seq: number;
  listener: TrainerListener;
  tail: JournalTail;
  /** Null until it is submitted. */
  place: JobPlace | null;
  /** Null until Slurm has told. */
  phase: 'waiting' | 'running' | null;
  /** The last reason for waiting that was passed to the listener. */
  told: string;
  /** What this app asked of it, and when (ms, monotonic). */
  asked: { kind: TrainerCommand['kind']; at: number } | null;
  /** Answers of Slurm in a row that do not name its job, or name it as over. */
  misses: number;
  /** Whether the newest entry of its journal says that the trainer was interrupted. */
  isInterrupted: boolean;
}

export interface FollowOptions {
  following: ReadonlyMap<string, FollowedRun>;
  submissions: Submissions;
  /** The journal says that the run is over. */
  onRest(run: FollowedRun): void;
  /** A job that was asked to end still waits, or has started since. */
  onStuck(run: FollowedRun, kind: TrainerCommand['kind']): void;
  /** The job is over, or Slurm does not know it (any more), and the journal does not say that the run is over. */
  onOver(run: FollowedRun, job: SlurmJob | undefined): void;
  /** Slurm has answered. */
  onAnswer(): void;
  onError(error: unknown): void;
}

/** Milliseconds between readings of the journals of running jobs. */
const readPause = 1000;
/**
 * Bounds in milliseconds of the pause between queries of Slurm, which is five times the shorter duration of the last two: a single long
 * query may have waited for a controller that was down.
 */
const leastPause = 2000;
const longestPause = 15_000;
/** {@link FollowedRun.misses} that count: a job that is requeued is over for a moment. */
const mostMisses = 2;
/** Runs that are looked at before other work has its turn. */
const runsAtOnce = 1000;
/** How many journals are read before other work gets a turn. */
const journalsAtOnce = 50;

export function followJobs({ following, submissions, onRest, onStuck, onOver, onAnswer, onError }: FollowOptions) {
  let ticking: ReturnType<typeof setTimeout> | undefined;
  let [nextQuestion, lastTook, isBusy, isClosed] = [0, 0, false, false];

  function tickLater(pause: number): void {
    if (isClosed || isBusy) return;
    if (pause === 0) clearTimeout(ticking);
    else if (ticking) return;
    ticking = setTimeout(() => void tick(), pause);
  }

  async function tick(): Promise<void> {
    ticking = undefined;
    if (isBusy) return;
    isBusy = true;
    try {
      if (performance.now() >= nextQuestion) await askSlurm();
    } catch (error) {
      onError(error);
    }
    await readJournals();
    isBusy = false;
    if (following.size > 0) tickLater(readPause);
  }

  async function askSlurm(): Promise<void> {
    const begun = performance.now();
    nextQuestion = begun + leastPause;
    const submitted = [...following.values()].filter(({ place }) => place);
    if (submitted.length === 0) return;
    const jobs = await listJobs();
    const now = performance.now();
    const took = now - begun;
    nextQuestion = now + Math.min(longestPause, Math.max(leastPause, 5 * Math.min(took, lastTook)));
    lastTook = took;
    onAnswer();
    submissions.find(jobs);
    const found = jobsByName(jobs, submissions.arrays());
    for (const [index, run] of submitted.entries()) {
      if (index % runsAtOnce === runsAtOnce - 1) await breathe();
      if (following.get(run.id) === run) look(run, found.get(submissions.nameOf(run.place) ?? ''));
    }
  }

  function look(run: FollowedRun, job: SlurmJob | undefined): void {
    const phase = job && phaseOf(job);
    if (job && phase !== 'over') {
      run.misses = 0;
      if (phase === 'running') runs(run);
      else waits(run, job);
    } else if (!read(run) && ++run.misses >= mostMisses) onOver(run, job);
  }

  function runs(run: FollowedRun): void {
    const { phase, asked } = run;
    Object.assign(run, { phase: 'running', told: '' });
    if (phase === 'running') return;
    run.listener.onRunning();
    if (asked) onStuck(run, asked.kind);
  }

  function waits(run: FollowedRun, { reason }: SlurmJob): void {
    const isNew = run.phase !== 'waiting';
    run.phase = 'waiting';
    if (run.asked && (isNew || performance.now() - run.asked.at > leastPause)) onStuck(run, run.asked.kind);
    const words = `Waits in Slurm as job ${submissions.nameOf(run.place)}${reason === 'None' ? '' : `: ${reason}`}.`;
    if (words !== run.told) run.listener.onWaiting(words);
    run.told = words;
  }

  async function readJournals(): Promise<void> {
    let count = 0;
    for (const run of following.values()) {
      if (!run.place || run.phase === 'waiting') continue;
      if (++count % journalsAtOnce === 0) await breathe();
      read(run);
    }
  }

  /** Passes on new journal entries; returns whether the last one ends the run for good. */
  function read(run: FollowedRun): boolean {
    let isOver = false;
    try {
      for (const entry of run.tail.read()) {
        if (entry.seq <= run.seq) continue;
        run.listener.onEntry(entry);
        const { body } = entry;
        isOver = body.kind === 'ended' && body.state !== 'paused';
        run.isInterrupted = body.kind === 'ended' && body.reason?.code === 'interrupted';
        if (body.kind === 'ended') nextQuestion = Math.min(nextQuestion, performance.now() + readPause);
      }
    } catch (error) {
      onError(error); // the next reading tries again
    }
    if (isOver) onRest(run);
    return isOver;
  }

  return {
    /** Looks at the runs now, and from now on. */
    begin(): void {
      tickLater(0);
    },
    /** Asks Slurm at the next look. */
    askSoon(): void {
      nextQuestion = 0;
      tickLater(0);
    },
    close(): void {
      isClosed = true;
      clearTimeout(ticking);
    },
  };
}

/** The jobs of these arrays, by `array_task`. */
function jobsByName(jobs: readonly SlurmJob[], arrays: ReadonlySet<string | null>): Map<string, SlurmJob> {
  const found = new Map<string, SlurmJob>();
  for (const job of jobs)
    if (arrays.has(job.array)) for (const task of taskIndices(job.tasks)) found.set(`${job.array}_${task}`, job);
  return found;
}
