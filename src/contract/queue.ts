/** The queue of this app. */
export interface QueueState {
  /** No queued run starts while it is paused; running ones continue. */
  paused: boolean;
  /** Trainers at once. */
  slots: number;
  /** Ids in the order in which they start. */
  queued: string[];
  running: string[];
  /** Runs that wait in the queue of the cluster. */
  submitted: string[];
  /** Error of the run store; null while it works. Runs continue, and the store is updated later. */
  trouble: string | null;
}

export interface QueueServices {
  get(): QueueState;
  /** Moves a queued run to a place of the queue, from 0; a run that is not queued is left alone. */
  move(id: string, place: number): void;
  /** Starts no queued run until {@link resume}. */
  pause(): void;
  resume(): void;
  setSlots(slots: number): void;
  /** Takes over the runs of dead apps, now and later: those that they trained, which go first, and their queues. */
  adoptOrphans(): void;
  /** Follows the runs of the cluster no more. They go on there, and the next app finds them. */
  leaveCluster(): void;
  /** Resolves when no run of this app is queued or running. */
  whenIdle(): Promise<void>;
}
