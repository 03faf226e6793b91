/** The queue of this app. */
export interface QueueState {
  /** While the queue is paused, running runs continue but no queued run starts. */
  paused: boolean;
  /** How many trainers may run at once. */
  slots: number;
  /** Ids in starting order. */
  queued: string[];
  running: string[];
  /** Runs that wait in the cluster's queue. */
  submitted: string[];
  /** Error of the run store; null while it works. Runs continue, and the store catches up later. */
  trouble: string | null;
}

export interface QueueServices {
  get(): QueueState;
  /** Moves a queued run to a place in the queue, counted from 0; ignores runs that are not queued. */
  move(id: string, place: number): void;
  /** Starts no queued run until {@link resume}. */
  pause(): void;
  resume(): void;
  setSlots(slots: number): void;
  /** Takes over the runs of apps that have died or will die: first the runs that they trained, then their queues. */
  adoptOrphans(): void;
  /** Stops following the runs on the cluster. They continue there, and the next app finds them. */
  leaveCluster(): void;
  /** Resolves when no run of this app is queued or running. */
  whenIdle(): Promise<void>;
}
