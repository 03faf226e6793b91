/**
 * Runs trainers as jobs of a Slurm cluster. The run folder holds all input and output of a job. The app submits runs as job arrays,
 * reads their journals from the shared file system, and asks Slurm only why a run waits or how its job ended.
 */
import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { ClusterSettings } from '#contract/cluster';
import { describeError, type PermafrostError } from '#contract/errors';
import type { TrainerCommand } from '#contract/run';
import { removeRunCommand, writeRunCommand } from '#runFolder/command';
import { readRunJob, removeRunJob, writeRunJob } from '#runFolder/job';
import { type JournalTail, openJournalTail } from '#runFolder/journalTail';
import { runFiles } from '#runFolder/paths';
import type { Launch, Outcome, TrainerListener } from '#scheduler/launch';
import { openBatches } from './batches.ts';
import { askSignal, commentOf, scriptExits } from './batchScript.ts';
import {
  isInterruption,
  isTemporarilyRefused,
  largestArray,
  listJobs,
  phaseOf,
  type SlurmJob,
  signalJobs,
  submit,
  taskIndices,
} from './slurm.ts';

export interface SlurmLauncherOptions {
  home: string;
  settings(): ClusterSettings;
  /** The batch script of a submission. Throws `config`. */
  scriptOf(batch: string, runs: number): string;
}

/** Milliseconds during which requests are collected for one Slurm command. */
const gatherTime = 50;
/** Milliseconds between readings of the journals of running jobs. */
const readPause = 1000;
/** Bounds in milliseconds of the pause between queries of Slurm, which is five times the duration of the last query. */
const leastPause = 2000;
const longestPause = 15_000;
/** Milliseconds between attempts to submit while Slurm does not answer. */
const submitPause = 15_000;
/** How many answers in a row must lack a job, or report its end, before that counts. A requeued job briefly looks ended. */
const mostMisses = 2;
/** How many journals are read before other work gets a turn. */
const journalsAtOnce = 50;

/** A submission: the id of its job array, null if not known yet, and the number of its runs that are followed. */
interface FollowedSubmission {
  array: string | null;
  runs: number;
}

interface FollowedRun {
  id: string;
  folder: string;
  /** Number of the newest entry in the store when this app started to follow the run. */
  seq: number;
  listener: TrainerListener;
  tail: JournalTail;
  /** Its submission and index in the job array; null until it is submitted. */
  place: { batch: string; task: number } | null;
  attempt: number;
  phase: 'waiting' | 'running' | null;
  /** The last reason for waiting that was passed to the listener. */
  reportedWait: string;
  asked: { kind: TrainerCommand['kind']; at: number } | null;
  misses: number;
  /** Whether the newest entry of its journal says that the trainer was interrupted. */
  isInterrupted: boolean;
}

export function slurmLauncher({ home, settings, scriptOf }: SlurmLauncherOptions) {
  const batches = openBatches(home);
  const following = new Map<string, FollowedRun>();
  /** Runs of the next submission. */
  const waiting = new Set<FollowedRun>();
  const submissions = new Map<string, FollowedSubmission>();
  const [signals, cancels] = [new Set<string>(), new Set<string>()];
  let submitting: Promise<void> | null = null;
  let [gathering, ticking, retrying]: (ReturnType<typeof setTimeout> | undefined)[] = [];
  let [nextQuestion, isBusy, isClosed] = [0, false, false];
  let trouble = '';

  const jobName = ({ place }: FollowedRun): string | null => {
    const array = place && submissions.get(place.batch)?.array;
    return array ? `${array}_${place.task}` : null;
  };

  function report(error: unknown): void {
    const { message } = describeError(error);
    if (message !== trouble) console.error(message);
    trouble = message;
  }

  const launch: Launch = ({ folder, seq }, listener) => {
    const id = basename(folder);
    const run: FollowedRun = {
      ...{ id, folder, seq, listener, tail: openJournalTail(runFiles(folder).journal) },
      ...{ place: null, attempt: 0, phase: null, reportedWait: '', asked: null, misses: 0, isInterrupted: false },
    };
    // creates the journal now, since a network file system may cache for a minute that a file does not exist
    closeSync(openSync(runFiles(folder).journal, 'a'));
    following.set(id, run);
    const job = readRunJob(folder);
    if (job) {
      run.place = job;
      run.attempt = job.attempt;
      const known = submissions.get(job.batch) ?? { array: batches.jobOf(job.batch), runs: 0 };
      submissions.set(job.batch, { ...known, runs: known.runs + 1 });
    } else waiting.add(run);
    gather();
    tickLater(0);
    return {
      send: ({ kind }) => ask(run, kind),
      kill: () => cancel(run),
      release: () => void following.delete(id),
    };
  };

  /** Soon submits, signals and cancels all collected runs together. */
  function gather(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void flush();
    }, gatherTime);
  }

  async function flush(): Promise<void> {
    clearTimeout(gathering);
    gathering = undefined;
    const [asked, cancelled] = [[...signals], [...cancels]];
    signals.clear();
    cancels.clear();
    try {
      await signalJobs(asked, askSignal);
      await signalJobs(cancelled);
    } catch (error) {
      report(error);
    }
    submitting ??= submitAll().finally(() => {
      submitting = null;
    });
    await submitting;
  }

  async function submitAll(): Promise<void> {
    while (waiting.size > 0) {
      let some: FollowedRun[] = [];
      try {
        some = [...waiting].slice(0, Math.min(1000, await largestArray()));
        await submitSome(some);
      } catch (error) {
        report(error);
        if (!isTemporarilyRefused(error)) refuse(some.length > 0 ? some : [...waiting], error as PermafrostError);
        else if (isClosed) return;
        else {
          retrying = setTimeout(gather, submitPause);
          return;
        }
      }
    }
  }

  async function submitSome(runs: FollowedRun[]): Promise<void> {
    const ids = runs.map(({ id }) => id);
    const { batch, script } = batches.make(ids, (batch) => scriptOf(batch, runs.length));
    for (const [task, run] of runs.entries()) {
      removeRunCommand(run.folder);
      writeRunJob(run.folder, { batch, task, attempt: run.attempt });
    }
    try {
      const array = await submit(script);
      accept(batch, array, runs);
    } catch (error) {
      // Slurm may have accepted the jobs although its answer was lost
      const found = await arrayOf(batch).catch(() => undefined);
      if (found) return accept(batch, found, runs);
      if (found === null) for (const run of runs) removeRunJob(run.folder);
      else return accept(batch, null, runs); // unknown: findArrays looks for the job when Slurm answers again
      batches.removeIfOver(batch);
      throw error;
    }
  }

  function accept(batch: string, array: string | null, runs: FollowedRun[]): void {
    trouble = '';
    submissions.set(batch, { array, runs: runs.length });
    if (array) batches.saveJob(batch, array);
    for (const [task, run] of runs.entries()) {
      waiting.delete(run);
      Object.assign(run, { place: { batch, task }, misses: 0, phase: null, reportedWait: '' });
      if (run.asked) cancel(run);
    }
    nextQuestion = 0;
    tickLater(0);
  }

  const arrayOf = async (batch: string): Promise<string | null> =>
    (await listJobs()).find(({ comment }) => comment === commentOf(batch))?.array ?? null;

  function refuse(runs: readonly FollowedRun[], error: PermafrostError): void {
    const { code, message } = describeError(error);
    for (const run of runs) end(run, message, { state: 'crashed', reason: { code, message } });
  }

  // Commands

  function ask(run: FollowedRun, kind: TrainerCommand['kind']): void {
    run.asked = { kind, at: performance.now() };
    const name = jobName(run);
    if (waiting.delete(run)) end(run, 'it was not submitted');
    else if (run.phase === 'running' && name) {
      writeRunCommand(run.folder, { kind });
      signals.add(name);
      gather();
    } else cancel(run);
  }

  function cancel(run: FollowedRun): void {
    const name = jobName(run);
    if (!name) return; // repeated when its job is known
    cancels.add(name);
    gather();
  }

  // Following

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
      await readJournals();
    } catch (error) {
      report(error);
    }
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
    const took = trouble ? 0 : now - begun; // ignores an answer that waited for a controller that was down
    nextQuestion = now + Math.min(longestPause, Math.max(leastPause, 5 * took));
    trouble = '';
    findArrays(jobs);
    const found = jobsByName(jobs, new Set([...submissions.values()].map(({ array }) => array)));
    for (const [index, run] of submitted.entries()) {
      if (index % 1000 === 999) await breathe();
      if (following.get(run.id) === run) look(run, found.get(jobName(run) ?? ''));
    }
  }

  /** Finds the job ids of submissions whose app was killed before it could write them. */
  function findArrays(jobs: readonly SlurmJob[]): void {
    for (const [batch, submission] of submissions) {
      if (submission.array !== null) continue;
      const job = jobs.find(({ comment }) => comment === commentOf(batch));
      if (!job) continue;
      submission.array = job.array;
      batches.saveJob(batch, job.array);
    }
  }

  function look(run: FollowedRun, job: SlurmJob | undefined): void {
    if (job && phaseOf(job) !== 'over') {
      run.misses = 0;
      reportPhase(run, job);
      return;
    }
    if (read(run) || ++run.misses < mostMisses) return;
    const name = jobName(run);
    if (job) over(run, job);
    else if (name) end(run, `Slurm does not know job ${name} any more`);
    else submitAgain(run); // its app was killed before Slurm received the submission
  }

  function reportPhase(run: FollowedRun, job: SlurmJob): void {
    const phase = phaseOf(job) === 'running' ? 'running' : 'waiting';
    if (run.asked && phase === 'waiting' && performance.now() - run.asked.at > leastPause) cancel(run);
    if (phase === 'running' && run.phase !== 'running') run.listener.onRunning();
    run.phase = phase;
    const words =
      phase === 'waiting'
        ? `Waits in Slurm as job ${jobName(run)}${job.reason === 'None' ? '' : `: ${job.reason}`}.`
        : '';
    if (words && words !== run.reportedWait) run.listener.onWaiting(words);
    run.reportedWait = words;
  }

  async function readJournals(): Promise<void> {
    let count = 0;
    for (const run of following.values()) {
      if (run.phase !== 'running') continue;
      if (++count % journalsAtOnce === 0) await breathe();
      read(run);
    }
  }

  /** Passes on new journal entries, and ends the run if the last entry ends it for good. Returns whether it did. */
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
      report(error); // the next reading tries again
    }
    if (isOver) end(run, 'its journal has ended');
    return isOver;
  }

  /** Handles the end of a job whose journal has no end of the run: submits the run again, or ends it. */
  function over(run: FollowedRun, { state, nodes, exit }: SlurmJob): void {
    const name = jobName(run);
    // COMPLETED, if the time limit interrupted the job and its request to be requeued failed
    const goesOn = isInterruption(state) || (state === 'COMPLETED' && run.isInterrupted);
    if (!run.asked && goesOn && run.attempt < settings().requeues) {
      run.attempt++;
      submitAgain(run);
    } else if (!run.asked && state === 'CANCELLED') {
      const message = `Slurm job ${name} was cancelled outside of Permafrost. Resume the run to continue from its last checkpoint.`;
      end(run, message, { state: 'stopped', reason: { code: 'cancelled', message } });
    } else {
      const meaning = exit === 0 ? '' : `, ${scriptExits[exit] ?? `exit code ${exit}`}`;
      end(run, `Slurm job ${name}${nodes ? ` on ${nodes}` : ''}: ${state}${meaning}`);
    }
  }

  function submitAgain(run: FollowedRun): void {
    leave(run);
    Object.assign(run, { place: null, phase: null, misses: 0 });
    if (run.asked) {
      end(run, 'it was not submitted');
      return;
    }
    waiting.add(run);
    gather();
  }

  function end(run: FollowedRun, how: string, otherwise?: Outcome): void {
    following.delete(run.id);
    waiting.delete(run);
    leave(run);
    run.listener.onEnd(how, run.asked !== null, otherwise);
  }

  /** Removes the job of a run, and the submission if this was its last run. */
  function leave({ folder, place }: FollowedRun): void {
    removeRunJob(folder);
    const submission = place && submissions.get(place.batch);
    if (!submission || --submission.runs > 0) return;
    batches.removeIfOver(place.batch);
    submissions.delete(place.batch);
  }

  return {
    launch,
    /** Submits waiting runs, then stops following all runs. */
    async close(): Promise<void> {
      isClosed = true;
      clearTimeout(ticking);
      clearTimeout(retrying);
      await flush();
      clearTimeout(gathering);
      following.clear();
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
