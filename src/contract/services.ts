/** What the app does for its faces: the command line now, the window and the server later. */
import type { ExperimentConfig } from './config.ts';
import type { JournalEntry, MetricKey, MetricRow, Run } from './run.ts';

export interface DeviceInfo {
  name: string;
  available: boolean;
  /** Why not; null where it works. */
  why: string | null;
  /** What to do about it. */
  help: string | null;
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
  /** Queues a resting run again; it goes on from its last checkpoint. Throws `conflict` for a finished one. */
  resume(id: string): Run;
  pause(id: string): void;
  stop(id: string): void;
  tag(id: string, add: string[], remove?: string[]): Run;
  /** A metric over steps; with `points`, thinned to about so many with every extreme kept. */
  series(id: string, key: MetricKey, points?: number): { step: number; value: number }[];
  /** Every metric row of a run, streamed. */
  metrics(id: string): Iterable<MetricRow>;
  /** Told of every committed journal entry, and with null of other changes of a run. Returns how to stop it. */
  subscribe(listener: (run: string, entry: JournalEntry | null) => void): () => void;
  devices(): Promise<DeviceInfo[]>;
  hasTask(name: string): boolean;
  hasBody(name: string): boolean;
  /** Whether pretrained weights of a body are on this machine. */
  hasWeights(name: string): boolean;
  /** Adds runs that lie in folders but not in the store. */
  rebuild(): { added: number; unreadable: string[] };
  /** Resolves when nothing that this app queued is left to do. */
  idle(): Promise<void>;
  /** Pauses what this app runs, waits for it and closes the store. */
  close(): Promise<void>;
}
