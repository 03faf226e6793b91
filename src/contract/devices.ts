/** The devices that a run can use, and the load of this machine. */
export interface DeviceInfo {
  name: string;
  available: boolean;
  /** What computes, as its driver names it; null where it does not say, or does not work. */
  hardware: string | null;
  /** Why it does not work, in a sentence; null for one that does. */
  why: string | null;
  /** What can be done, in a sentence that ends in a colon where a command follows; null for one that works. */
  help: string | null;
  /** A shell command that is part of the help. */
  command: string | null;
  /** The runtime's own message in one line, where there is one. */
  detail: string | null;
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
