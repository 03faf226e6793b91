/** The interface between the queue and the place where trainers run: this machine ({@link localLauncher}) or a cluster. */
import type { JournalEntry, Run, TrainerCommand } from '#contract/run';

/** Starts the trainer of a run. Calls the listener only after it has returned. Throws if the trainer cannot be started. */
export type Launch = (run: LaunchedRun, listener: TrainerListener) => TrainerHandle;

export interface LaunchedRun {
  folder: string;
  /** Number of the newest journal entry in the store; the trainer sends all later entries again. */
  seq: number;
  /** How many runs may train at once and share the machine. */
  slots: number;
}

export interface TrainerListener {
  /** The trainer wrote an entry to the journal. */
  onEntry(entry: JournalEntry): void;
  /** The trainer acknowledged a command. */
  onHeard(): void;
  /** The run waits in the queue of a cluster, for the first time or again; `why` is a sentence. */
  onWaiting(why: string): void;
  /** A cluster has started the trainer, for the first time or again. */
  onRunning(): void;
  /** Whether the run is still this app's; another app may have taken it over while this machine slept or was cut off. */
  isOurs(): boolean;
  /** The trainer is gone; `obeyed` when it exited as intended. `otherwise` is the run's state unless its journal knows better. */
  onEnd(how: string, obeyed: boolean, otherwise?: Outcome): void;
}

/** The final state of a run whose trainer did not write one. */
export type Outcome = Pick<Run, 'state' | 'reason'>;

/** A running trainer. */
export interface TrainerHandle {
  send(command: TrainerCommand): void;
  /** Ends the trainer at once. */
  kill(): void;
  /** Stops following the trainer, which may outlive this app. */
  release(): void;
}
