/** The devices that a run can use, and the load of this machine. */
import type { ExperimentConfig } from './config.ts';
import type { DownloadProgress } from './zoo.ts';

/** Whether a graphics card computes with precision `mixed`. */
export interface MixedPrecision {
  available: boolean;
  /** A sentence that says why not; null if it does. */
  why: string | null;
}

/** The sentence about a card that does. */
export const mixedWorks = 'Precision mixed works too: its matrix units multiply 16-bit floats.';

export interface DeviceInfo {
  name: string;
  /** What it is, in a sentence. */
  about: string;
  available: boolean;
  /** A sentence that says why it does not work; null if it does. */
  why: string | null;
  /** A sentence that says what to do, with a colon at its end if a command follows; null if it works. */
  help: string | null;
  /** The shell command that follows the help, if any. */
  command: string | null;
  /** The runtime's own message in one line, if any. */
  detail: string | null;
  /** Null unless it is a graphics card that works through WebGPU. */
  mixed: MixedPrecision | null;
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

/** How far the installation of the CUDA libraries is, a package after the other. */
export interface CudaProgress extends DownloadProgress {
  stage: 'fetching' | 'unpacking';
  name: string;
}

/** The CUDA libraries of a home. */
export interface CudaState {
  folder: string;
  /** All of them are here. */
  installed: boolean;
  packages: { name: string; version: string; url: string; bytes: number; here: boolean }[];
  /** Of the NVIDIA driver: its version, `unknown`, or null without one. */
  driver: string | null;
  /** The oldest driver that fits, such as `580`. */
  oldestDriver: string;
}

export interface CudaInstallOptions {
  /** Installs for other machines that use this home, and tries nothing here. */
  untried?: boolean;
  /** Aborting it keeps what has arrived. */
  signal?: AbortSignal;
  onProgress?(progress: CudaProgress): void;
}

export interface CudaServices {
  state(): CudaState;
  /** Fetches and unpacks what is missing, then tries the device. Throws `device` where this machine cannot use it, `network` and `disk`. */
  install(options?: CudaInstallOptions): Promise<void>;
  /** Deletes the libraries, and says how many bytes that frees. */
  remove(): Promise<number>;
}

export interface DeviceServices {
  /** Tries every device and caches the results; `again` tries them again. */
  list(again?: boolean): Promise<DeviceInfo[]>;
  /** Throws `device` with advice if a config names a device or a precision that does not work on this machine. */
  require(configs: readonly Pick<ExperimentConfig, 'device' | 'precision'>[]): Promise<void>;
  /** The libraries of device `cuda`. */
  readonly cuda: CudaServices;
  /** The load of the machine, about once a second. */
  live(signal?: AbortSignal): AsyncGenerator<MachineLoad>;
}
