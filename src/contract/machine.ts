/** The machine now: what the devices page draws. */
export interface GpuLoad {
  name: string;
  /** 0 to 1; null where the driver does not tell. */
  load: number | null;
  memoryUsed: number | null;
  memoryTotal: number | null;
  /** °C. */
  temperature: number | null;
}

export interface MachineLoad {
  /** Milliseconds since 1970. */
  at: number;
  cpu: { name: string; load: number; cores: number[] };
  /** Bytes. */
  memory: { used: number; total: number };
  gpus: GpuLoad[];
  /** What cannot be shown, and why. */
  missing: { what: string; why: string }[];
}

/** The queue of this app. */
export interface QueueState {
  /** No queued run starts while it is paused; running ones go on. */
  paused: boolean;
  /** Trainers at once. */
  slots: number;
  /** Ids in the order in which they start. */
  queued: string[];
  running: string[];
  /** Error of the run store; null while it works. Runs continue, and the store is updated later. */
  trouble: string | null;
}
