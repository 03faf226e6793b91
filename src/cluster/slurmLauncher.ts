/**
 * Trainers as jobs of a Slurm cluster. A run folder is all that a job needs and all that it leaves. This file submits runs, asks
 * jobs to end, and decides what the end of a job means for its run; `followJobs` sees how they do.
 */
import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import type { ClusterSettings } from '#contract/cluster';
import { describeError } from '#contract/errors';
import type { TrainerCommand } from '#contract/run';
import { writeRunCommand } from '#runFolder/command';
import { openJournalTail } from '#runFolder/journalTail';
import { runFiles } from '#runFolder/paths';
import type { Launch, Outcome } from '#scheduler/launch';
import { askSignal } from './batchScript.ts';
import { type FollowedRun, followJobs } from './followJobs.ts';
import { endOfJob } from './jobEnd.ts';
import { isTemporarilyRefused, largestArray, type SlurmJob, signalJobs } from './slurm.ts';
import { openSubmissions } from './submissions.ts';

export interface SlurmLauncherOptions {
  home: string;
  settings(): ClusterSettings;
  /** The batch script of a submission. Throws `config`. */
  scriptOf(batch: string, runs: number): string;
}

/** Requests are collected for one Slurm command until none has come for this many milliseconds, or for the longest time. */
const [gatherTime, longestGatherTime] = [200, 1000];
/** Milliseconds between attempts while Slurm does not answer. */
const retryPause = 15_000;
/** Most runs of a submission. */
const largestSubmission = 1000;

export function slurmLauncher({ home, settings, scriptOf }: SlurmLauncherOptions) {
  const submissions = openSubmissions(home, scriptOf);
  const following = new Map<string, FollowedRun>();
  /** Runs of the next submission. */
  const waiting = new Set<FollowedRun>();
  /** Names of jobs to signal and to cancel. */
  const [signals, cancels] = [new Set<string>(), new Set<string>()];
  let submitting: Promise<void> | null = null;
  let [gathering, retrying]: (ReturnType<typeof setTimeout> | undefined)[] = [];
  /** When the first of the collected requests came. */
  let gatheringSince = 0;
  let isClosed = false;
  let trouble = '';
  const jobs = followJobs({
    ...{ following, submissions, onOver, onError: report },
    onRest: (run) => end(run, 'its journal has ended'),
    onStuck: (run, kind) => ask(run, kind),
    onAnswer() {
      trouble = '';
    },
  });

  function report(error: unknown): void {
    const { message } = describeError(error);
    if (message !== trouble) console.error(message);
    trouble = message;
  }

  const launch: Launch = ({ folder, seq }, listener) => {
    const id = basename(folder);
    const joined = submissions.join(folder);
    const run: FollowedRun = {
      ...{ id, folder, seq, listener, tail: openJournalTail(runFiles(folder).journal) },
      ...{ place: joined, attempts: joined?.attempts ?? 0 },
      ...{ phase: null, told: '', asked: null, misses: 0, isInterrupted: false },
    };
    // creates the journal now, since a network file system may cache for a minute that a file does not exist
    closeSync(openSync(runFiles(folder).journal, 'a'));
    following.set(id, run);
    if (!joined) waiting.add(run);
    gather();
    jobs.begin();
    return {
      send: ({ kind }) => ask(run, kind),
      kill: () => cancel(run),
      release: () => void following.delete(id),
    };
  };

  // Submissions

  /** Soon submits, signals and cancels all collected runs together. */
  function gather(): void {
    const now = performance.now();
    if (gathering === undefined) gatheringSince = now;
    clearTimeout(gathering);
    const isFull = waiting.size >= largestSubmission || now - gatheringSince > longestGatherTime;
    gathering = setTimeout(() => void flush(), isFull ? 0 : gatherTime);
  }

  async function flush(): Promise<void> {
    clearTimeout(gathering);
    gathering = undefined;
    await send(signals, askSignal);
    await send(cancels);
    submitting ??= submitAll().finally(() => {
      submitting = null;
    });
    await submitting;
  }

  async function send(collected: Set<string>, signal?: string): Promise<void> {
    const names = [...collected];
    collected.clear();
    try {
      await signalJobs(names, signal);
    } catch (error) {
      report(error);
      if (!isTemporarilyRefused(error)) return;
      for (const name of names) collected.add(name);
      retryLater();
    }
  }

  function retryLater(): void {
    clearTimeout(retrying);
    if (!isClosed) retrying = setTimeout(gather, retryPause);
  }

  async function submitAll(): Promise<void> {
    while (waiting.size > 0) {
      let some: FollowedRun[] = [];
      try {
        some = [...waiting].slice(0, Math.min(largestSubmission, await largestArray()));
        accept(some, await submissions.submit(some));
      } catch (error) {
        report(error);
        if (!isTemporarilyRefused(error)) refuse(some.length > 0 ? some : [...waiting], error);
        else {
          retryLater();
          return;
        }
      }
    }
  }

  function accept(runs: readonly FollowedRun[], places: readonly FollowedRun['place'][]): void {
    trouble = '';
    for (const [index, run] of runs.entries()) {
      waiting.delete(run);
      Object.assign(run, { place: places[index], misses: 0, phase: 'waiting', told: '' });
      if (run.asked) cancel(run);
    }
    jobs.askSoon();
  }

  function refuse(runs: readonly FollowedRun[], error: unknown): void {
    const { code, message } = describeError(error);
    for (const run of runs) end(run, message, { state: 'crashed', reason: { code, message } });
  }

  // Commands

  function ask(run: FollowedRun, kind: TrainerCommand['kind']): void {
    run.asked = { kind, at: performance.now() };
    const name = submissions.nameOf(run.place);
    if (waiting.delete(run)) end(run, 'it was not submitted');
    else if (run.phase === 'running' && name) {
      writeRunCommand(run.folder, { kind });
      signals.add(name);
      gather();
    } else if (run.phase === 'waiting') cancel(run); // else it is asked again as soon as Slurm tells how it is
  }

  function cancel(run: FollowedRun): void {
    const name = submissions.nameOf(run.place);
    if (!name) return; // repeated when its job is known
    cancels.add(name);
    gather();
  }

  // Ends

  function onOver(run: FollowedRun, job: SlurmJob | undefined): void {
    const name = submissions.nameOf(run.place);
    if (!name)
      submitAgain(run); // its app was killed before Slurm received the submission
    else if (!job) end(run, `Slurm does not know job ${name} any more`);
    else {
      const attempts = run.attempts + job.restarts;
      const past = { isAsked: run.asked !== null, isInterrupted: run.isInterrupted, attempts };
      const jobEnd = endOfJob(name, job, { ...past, requeues: settings().requeues });
      run.attempts = attempts + 1;
      if (jobEnd === 'again') submitAgain(run);
      else end(run, jobEnd.how, jobEnd.otherwise);
    }
  }

  function submitAgain(run: FollowedRun): void {
    const obstacle = run.asked ? 'it was not submitted' : run.listener.isOurs() ? null : 'another app has it';
    if (obstacle) {
      end(run, obstacle);
      return;
    }
    leave(run);
    Object.assign(run, { place: null, phase: null, misses: 0 });
    waiting.add(run);
    gather();
  }

  function end(run: FollowedRun, how: string, otherwise?: Outcome): void {
    following.delete(run.id);
    waiting.delete(run);
    leave(run);
    run.listener.onEnd(how, run.asked !== null, otherwise);
  }

  function leave({ folder, place }: FollowedRun): void {
    if (place) submissions.leave(folder, place);
  }

  return {
    launch,
    /** Submits waiting runs, then stops following all runs. */
    async close(): Promise<void> {
      isClosed = true;
      jobs.close();
      clearTimeout(retrying);
      await flush();
      clearTimeout(gathering);
      following.clear();
    },
  };
}
