/** The devices that a run can use, and the load of this machine. */
export interface DeviceInfo {
  name: string;
  available: boolean;
  /** What computes, as its driver names it; null where it does not say, or does not work. */
  hardware: string | null;
  /** A sentence that says why it does not work; null if it does. */
  why: string | null;
  /** A sentence that says what to do, with a colon at its end if a command follows; null if it works. */
  help: string | null;
  /** The shell command that follows the help, if any. */
  command: string | null;
  /** The runtime's own message in one line, if any. */
  detail: string | null;
}

export interface GpuLoad {
  name: string;
  /** 0 to 1; null if the driver does not report it. */
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
  /** Measurements that are not available, and why. */
  missing: { what: string; why: string }[];
}

export interface DeviceServices {
  /** Tries every device and caches the results; `again` tries anew. */
  list(again?: boolean): Promise<DeviceInfo[]>;
  /** The load of the machine, about once a second. */
  live(signal?: AbortSignal): AsyncGenerator<MachineLoad>;
}
