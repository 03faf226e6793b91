/** What the app does for its faces: the command line, the window and the server. */
import type { AnalysisServices } from './analysis.ts';
import type { BundleServices } from './bundle.ts';
import type { Catalogue, ConfigReport, Estimate } from './catalogue.ts';
import type { ExperimentConfig } from './config.ts';
import type { DataServices } from './data.ts';
import type { FrozenProof } from './frozen.ts';
import type { MachineLoad, QueueState } from './machine.ts';
import type { TableServices } from './papers.ts';
import type { JournalEntry, MetricKey, MetricRow, Run } from './run.ts';
import type { CheckpointFile, Curve, RunChanges, RunEvents, RunLog, RunRow } from './runRow.ts';
import type { ZooServices } from './zoo.ts';

export interface DeviceInfo {
  name: string;
  available: boolean;
  /** Why not; null where it works. */
  why: string | null;
  /** What to do about it. */
  help: string | null;
}

/** Points that one call of the window returns at most. */
export const mostPoints = 10_000;

/** A part of a curve: about `points` of it, between two steps, both included. */
export interface CurveRange {
  points?: number;
  from?: number;
  to?: number;
}

/** A file made on the fly: each chunk is made when it is read. */
export interface Download {
  name: string;
  type: string;
  chunks: AsyncIterable<string | Uint8Array>;
}

/** The run that stands for a config, and what had to be done for that. */
export interface Ensured {
  id: string;
  step: 'finished' | 'resumed' | 'started';
}

/** Result of a rebuild; lists have a line per run. */
export interface Rebuilt {
  /** Runs that the store lacked. */
  added: number;
  /** Runs of which the store had only a part. */
  completed: number;
  /** Folders that are no runs. */
  unreadable: string[];
  /** Runs with damaged journals; their intact entries count. */
  damaged: string[];
  /** New path of a damaged database; null if there was none. */
  setAside: string | null;
}

export interface Services {
  /** The folder that holds runs, data, models and the store. */
  readonly home: string;
  /** Checks a config as far as that goes without data: task, sizes, body. Throws `config`. */
  check(config: ExperimentConfig): void;
  /** Trainable and total parameters; allocates nothing. */
  count(config: ExperimentConfig): { trainable: number; total: number };
  /** Stores a run and queues it. */
  create(config: ExperimentConfig, tags?: string[]): Run;
  list(): Run[];
  /** By id or the beginning of one. Throws `notFound`. */
  get(id: string): Run;
  /**
   * Queues a resting run again; it continues from its last checkpoint. Throws `conflict` for a finished run and for a run of another
   * live app. An app on another machine is watched first: the run stays with it if it is alive, and continues here if not.
   */
  resume(id: string): Run;
  pause(id: string): void;
  stop(id: string): void;
  tag(id: string, add: string[], remove?: string[]): Run;
  /** A metric over steps; with `points`, thinned to about so many with every extreme kept. */
  series(id: string, key: MetricKey, points?: number): { step: number; value: number }[];
  /** Every metric row of a run, streamed. */
  metrics(id: string): Iterable<MetricRow>;
  /** Calls back for every committed journal entry, and with null for other changes of a run. Returns the unsubscribe function. */
  subscribe(listener: (run: string, entry: JournalEntry | null) => void): () => void;
  /** Every device, tried; the answer is kept until `again` asks for another trial. */
  devices(again?: boolean): Promise<DeviceInfo[]>;
  /** Data sets: list, pull, verify, remove, samples, floors. */
  readonly data: DataServices;
  hasTask(name: string): boolean;
  hasBody(name: string): boolean;
  /** Whether pretrained weights of a body are on this machine. */
  hasWeights(name: string): boolean;
  /** Every run as a light row, archived and trashed ones included; or those of the given ids. */
  rows(ids?: readonly string[]): RunRow[];
  /** Stores and queues runs, all or, when one config is wrong, none. Returns their ids. */
  createAll(configs: ExperimentConfig[], tags?: string[]): string[];
  /**
   * Sees to it that each config has a run: a finished one with the same settings and seed is taken as it is, one under way
   * or interrupted goes on, otherwise one starts with the tags. Throws `config` before anything is done.
   */
  ensure(configs: readonly ExperimentConfig[], tags: string[]): Ensured[];
  note(id: string, text: string): void;
  archive(ids: readonly string[], archived: boolean): void;
  /** Hides runs until they are restored or the trash is emptied. Throws `conflict` for one under way. */
  trash(ids: readonly string[]): void;
  restore(ids: readonly string[]): void;
  /** Deletes what lies in the trash, files included. Returns how many runs that were. */
  emptyTrash(): number;
  /** A part of a metric over steps, thinned with every extreme kept. */
  curve(id: string, key: MetricKey, range?: CurveRange): Curve;
  /** Seconds under way, pauses left out, at some of a run's steps. */
  clock(id: string, points?: number): { step: number; seconds: number }[];
  log(id: string): RunLog;
  checkpoints(id: string): CheckpointFile[];
  /** Hashes of a run's frozen weights before and after training; null where it froze nothing or has not begun. */
  frozen(id: string): FrozenProof | null;
  /**
   * What happens to a run from now on, or after entry `after`; begins with the run as it is. At most 20 a second.
   * Ends when the signal says so.
   */
  events(id: string, after: number | null, signal?: AbortSignal): AsyncGenerator<RunEvents>;
  /** Rows that change, at most twice a second. */
  changes(signal?: AbortSignal): AsyncGenerator<RunChanges>;
  /** Opens JSON as a config, whatever it is. */
  openConfig(json: unknown): ConfigReport;
  /** Parameters, time, memory and disk of a run. Throws `config`. */
  estimate(config: ExperimentConfig): Estimate;
  catalogue(): Catalogue;
  queue(): QueueState;
  /** Moves a queued run to a place of the queue, from 0. */
  moveInQueue(id: string, place: number): void;
  pauseQueue(paused: boolean): void;
  setSlots(slots: number): void;
  /** Takes over the runs of dead apps: those that they trained and their queues. */
  adopt(): void;
  /** Brings runs that are neither finished nor failed to their end: queues those that rest, waits for those of other apps. */
  goOn(ids: readonly string[]): void;
  /** Description of another live app that runs or queues the run; null if none does. */
  elsewhere(id: string): string | null;
  /** The load of the machine, about once a second. */
  machine(signal?: AbortSignal): AsyncGenerator<MachineLoad>;
  /** The file behind a download path such as `/download/runs.csv?id=…`. Throws `notFound`. */
  download(path: string): Download;
  /** Pretrained bodies: what is known, what is here, fetching. */
  readonly zoo: ZooServices;
  /** Looking into trained runs. */
  readonly analysis: AnalysisServices;
  /** Published tables: what answers them, starting what is missing. */
  readonly tables: TableServices;
  /** Bundles that somebody made, here or elsewhere; one is made by `download`. */
  readonly bundles: BundleServices;
  /** Brings runs into the store that lie in folders, as far as they are not there. */
  rebuild(): Promise<Rebuilt>;
  /** Resolves when nothing that this app queued is left to do. */
  idle(): Promise<void>;
  /** Pauses what this app runs, waits for it and closes the store. */
  close(): Promise<void>;
}
