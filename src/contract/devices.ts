/** The devices that a run can use, and the load of this machine. */
export interface DeviceInfo {
  name: string;
  available: boolean;
  /** Why it is not available; null for one that is. */
  why: string | null;
  /** How to make it available. */
  help: string | null;
}

export interface GpuLoad {
  name: string;
  /** 0 to 1; null where the driver does not report it. */
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

export interface DeviceServices {
  /** Tries every device; the answer is kept until `again` asks for another trial. */
  list(again?: boolean): Promise<DeviceInfo[]>;
  /** The load of the machine, about once a second. */
  live(signal?: AbortSignal): AsyncGenerator<MachineLoad>;
}
