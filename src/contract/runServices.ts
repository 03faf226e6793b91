/** What the app does with runs. */
import type { LauncherName } from './cluster.ts';
import type { ExperimentConfig } from './config.ts';
import type { FrozenProof } from './frozen.ts';
import type { JournalEntry, MetricKey, MetricRow, Run } from './run.ts';
import type { CheckpointFile, Curve, MetricName, RunChanges, RunEvents, RunLog, RunRow } from './runRow.ts';

/** Most points of a curve that one call returns. */
export const mostPoints = 10_000;

/** A part of a curve: about `points` of it, between two steps, both included. */
export interface CurveRange {
  points?: number;
  from?: number;
  to?: number;
}

/** The run that stands for a config, and what it took. */
export interface EnsuredRun {
  id: string;
  step: 'finished' | 'resumed' | 'started';
}

/** Called for every committed journal entry, and with null for other changes of a run. */
export type RunListener = (run: string, entry: JournalEntry | null) => void;

/** A run is named by its id; where noted, the beginning of one is enough. */
export interface RunServices {
  /** Rows of all runs, archived and trashed ones included; or those of the given ids. */
  list(ids?: readonly string[]): RunRow[];
  /** All runs in full. */
  getAll(): Run[];
  /** By id or the beginning of one. Throws `notFound`. */
  get(id: string): Run;
  /** Stores and queues a run per config, all or, when one config is wrong, none; on this machine by default. Returns their ids. */
  create(configs: readonly ExperimentConfig[], tags?: readonly string[], launcher?: LauncherName): string[];
  /**
   * Ensures that each config has a run: takes a finished one with the same settings and seed as it is, resumes an unfinished one,
   * otherwise starts one with the tags. Without a launcher, new runs start on this machine and others where they were before. Throws
   * `config` before anything is done.
   */
  ensure(configs: readonly ExperimentConfig[], tags: readonly string[], launcher?: LauncherName): EnsuredRun[];
  /**
   * Brings unfinished runs to their end: queues those that rest, waits for those of other apps. Finished and failed ones are left
   * alone.
   */
  complete(ids: readonly string[], launcher?: LauncherName): void;
  /**
   * Queues a resting run again; it continues from its last checkpoint. Throws `conflict` for a finished run and for a run of another
   * live app. An app on another machine is watched first: the run stays with it if it is alive, and continues here if not.
   */
  resume(id: string, launcher?: LauncherName): Run;
  /** Where the trainer of a run starts, or started last. */
  launcher(id: string): LauncherName;
  pause(id: string): void;
  stop(id: string): void;
  tag(id: string, add: readonly string[], remove?: readonly string[]): Run;
  /** Throws `conflict` where the note is not `over`, the one that it replaces. */
  note(id: string, text: string, over?: string): void;
  archive(ids: readonly string[], archived: boolean): void;
  /** Hides runs until they are restored or the trash is emptied. Throws `conflict` for one that is queued or running. */
  trash(ids: readonly string[]): void;
  restore(ids: readonly string[]): void;
  /** Deletes the trashed runs, files included. Returns their number. */
  emptyTrash(): number;
  /** A part of a metric over steps, thinned with every extreme kept. */
  curve(id: string, key: MetricKey, range?: CurveRange): Curve;
  /** A metric over steps; with `points`, thinned to about that many with every extreme kept. */
  series(id: string, key: MetricKey, points?: number): { step: number; value: number }[];
  /** The first step whose test metric is as good as a threshold; null where none is. */
  firstStep(id: string, metric: MetricName, threshold: number): number | null;
  /** Every metric row of a run, streamed. */
  metrics(id: string): Iterable<MetricRow>;
  /** Training seconds, pauses excluded, at some of a run's steps. */
  clock(id: string, points?: number): { step: number; seconds: number }[];
  log(id: string): RunLog;
  checkpoints(id: string): CheckpointFile[];
  /** Hashes of a run's frozen weights before and after training; null where it froze nothing or has not begun. */
  frozen(id: string): FrozenProof | null;
  /** The run as it is, then its events from now on, or after entry `after`; at most 20 a second, until the signal. */
  events(id: string, after: number | null, signal?: AbortSignal): AsyncGenerator<RunEvents>;
  /** Rows that change, at most twice a second. */
  changes(signal?: AbortSignal): AsyncGenerator<RunChanges>;
  /** Returns the unsubscribe function. */
  subscribe(listener: RunListener): () => void;
  /** Description of another live app that runs or queues the run; null if none does. */
  otherOwner(id: string): string | null;
}
