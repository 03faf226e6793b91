/** The services for runs. */
import type { LauncherName } from './cluster.ts';
import type { ExperimentConfig } from './config.ts';
import type { FrozenProof } from './frozen.ts';
import type { JournalEntry, MetricKey, MetricRow, Run } from './run.ts';
import type { CheckpointFile, Curve, MetricName, RunChanges, RunEvents, RunLog, RunRow } from './runRow.ts';

/** The largest number of curve points that one call returns. */
export const mostPoints = 10_000;

/** A part of a curve: about `points` points from step `from` to step `to`, both included. */
export interface CurveRange {
  points?: number;
  from?: number;
  to?: number;
}

/** The run that was found or made for a config. */
export interface EnsuredRun {
  id: string;
  step: 'finished' | 'resumed' | 'started';
}

/** Called for every committed journal entry, and with null for other changes of a run. */
export type RunListener = (run: string, entry: JournalEntry | null) => void;

/** Methods take the id of a run; where noted, its first letters are enough. */
export interface RunServices {
  /** Rows of the given runs, or of all runs, including archived and trashed ones. */
  list(ids?: readonly string[]): RunRow[];
  /** All runs in full. */
  getAll(): Run[];
  /** Finds a run by its id or the first letters of it. Throws `notFound`. */
  get(id: string): Run;
  /** Stores and queues a run for each config, or none if a config is wrong; on this machine by default. Resolves to their ids. */
  create(configs: readonly ExperimentConfig[], tags?: readonly string[], launcher?: LauncherName): Promise<string[]>;
  /**
   * Ensures that each config has a run: reuses a finished run with the same settings and seed, resumes an unfinished one, or starts
   * a new one with the tags. Without a launcher, new runs start on this machine, and resumed runs start where they ran before.
   * Throws `config` before it starts any run.
   */
  ensure(configs: readonly ExperimentConfig[], tags: readonly string[], launcher?: LauncherName): Promise<EnsuredRun[]>;
  /**
   * Brings unfinished runs to their end: queues paused, stopped and crashed ones, and watches those of other apps. Ignores finished
   * and failed ones.
   */
  complete(ids: readonly string[], launcher?: LauncherName): void;
  /**
   * Queues a run again, which continues from its last checkpoint. Throws `conflict` for a finished run and for a run of another
   * live app. If that app is on another machine, the run stays with it while it is alive, and continues here once it is not.
   */
  resume(id: string, launcher?: LauncherName): Run;
  /** Where the trainer of a run will start, or last started. */
  launcher(id: string): LauncherName;
  pause(id: string): void;
  stop(id: string): void;
  tag(id: string, add: readonly string[], remove?: readonly string[]): Run;
  /** Replaces the note of a run. Throws `conflict` if the current note is not `over`, so that no change is overwritten unseen. */
  note(id: string, text: string, over?: string): void;
  archive(ids: readonly string[], archived: boolean): void;
  /** Hides runs until they are restored or the trash is emptied. Throws `conflict` for one that is queued or running. */
  trash(ids: readonly string[]): void;
  restore(ids: readonly string[]): void;
  /** Deletes the trashed runs, files included. Returns their number. */
  emptyTrash(): number;
  /** A part of a metric's curve, thinned to `range.points` but with every extreme. */
  curve(id: string, key: MetricKey, range?: CurveRange): Curve;
  /** A metric over all steps; thinned to about `points` points, if given, but with every extreme. */
  series(id: string, key: MetricKey, points?: number): { step: number; value: number }[];
  /** The first step at which the test metric reaches a threshold; null if it never does. */
  firstStep(id: string, metric: MetricName, threshold: number): number | null;
  /** Every metric row of a run, streamed. */
  metrics(id: string): Iterable<MetricRow>;
  /** Running time in seconds, without pauses, at some of a run's steps. */
  clock(id: string, points?: number): { step: number; seconds: number }[];
  log(id: string): RunLog;
  checkpoints(id: string): CheckpointFile[];
  /** Hashes of a run's frozen weights before and after training; null if it has no frozen weights or has not started. */
  frozen(id: string): FrozenProof | null;
  /** Yields the run and its journal entries after entry `after`, or from now on; at most 20 times a second, until aborted. */
  events(id: string, after: number | null, signal?: AbortSignal): AsyncGenerator<RunEvents>;
  /** Yields changed rows, at most twice a second. */
  changes(signal?: AbortSignal): AsyncGenerator<RunChanges>;
  /** Returns the unsubscribe function. */
  subscribe(listener: RunListener): () => void;
  /** A description of another live app that trains the run or has it in its queue; null if there is none. */
  otherOwner(id: string): string | null;
}
