/** The devices of this machine, by the names that a config uses. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import type { DeviceInfo } from '#contract/devices';
import { PermafrostError } from '#contract/errors';
import { plural } from '#contract/format';
import type { Device, OnnxDevice } from '#engine/device';
import { type DeviceTrouble, deviceTrouble, troubleText } from './deviceTrouble.ts';
import { openGpu } from './gpu.ts';

export type DeviceName = Exclude<ExperimentConfig['device'], 'auto'>;

export interface DeviceOptions {
  /** CPU threads; absent: one per core. */
  threads?: number;
  /** Folder of the file that holds the frozen weights. */
  weightFolder?: string;
  /** The Permafrost home, where a device keeps what it learns about itself. */
  home?: string;
  /** Told what people should know about the device. */
  say?(line: string): void;
}

interface DeviceRow {
  open(options: DeviceOptions): Promise<Device>;
  /** It needs no trial. */
  alwaysWorks?: boolean;
}

const rows: Record<DeviceName, DeviceRow> = {
  cpu: {
    open: ({ threads = availableParallelism(), weightFolder }) =>
      onnxDevice(`cpu (ONNX Runtime, ${plural(threads, 'thread')})`, 'cpu', { threads, weightFolder }),
    alwaysWorks: true,
  },
  webgpu: {
    open: (options) => openWebgpu(options),
  },
  cuda: {
    open: (options) => onnxDevice('cuda (ONNX Runtime)', 'cuda', options),
  },
  tensorflow: {
    open: openTensorflow,
  },
};
const deviceNames = Object.keys(rows) as DeviceName[];

/** The devices that `auto` tries. */
const automatic: readonly DeviceName[] = ['cuda', 'webgpu', 'cpu'];

/** Providers that can keep values in device memory (in onnxruntime-node only WebGPU). */
const keeping: readonly string[] = ['webgpu'];
/** Providers with com.microsoft.FusedMatMul. */
const fusing: readonly string[] = ['cpu', 'cuda'];

async function onnxDevice(
  name: string,
  provider: string,
  { threads, weightFolder }: DeviceOptions,
): Promise<OnnxDevice> {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'; // read when the library loads
  const runtime = await import('onnxruntime-node');
  return {
    kind: 'onnx',
    name,
    runtime,
    providers: [provider],
    threads,
    weightFolder,
    keepsState: keeping.includes(provider),
    fusedMatMul: fusing.includes(provider),
  };
}

/** Our own kernels, or ONNX Runtime's where the optional package `webgpu` is missing or PERMAFROST_WEBGPU=onnx asks for them. */
async function openWebgpu(options: DeviceOptions): Promise<Device> {
  const onnx = () => onnxDevice('webgpu (ONNX Runtime)', 'webgpu', options);
  if (process.env.PERMAFROST_WEBGPU === 'onnx') return onnx();
  try {
    return await openGpu({ fallback: onnx, say: options.say, home: options.home });
  } catch (error) {
    options.say?.(`${(error as Error).message} ONNX Runtime's WebGPU runs the steps.`);
    return onnx();
  }
}

async function openTensorflow(): Promise<Device> {
  const require = createRequire(import.meta.url);
  const util = require('node:util') as { isNullOrUndefined?(value: unknown): boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined; // tfjs-node calls it; newer Node no longer has it
  const name = '@tensorflow/tfjs-node-gpu';
  require(name); // registers the backend
  return { kind: 'eager', name: 'tensorflow (libtensorflow, eager)', backend: 'tensorflow' };
}

/** Opens a device without a trial. Probe processes use it, because a broken GPU driver may kill the process. */
export const openUntried = (name: DeviceName, options: DeviceOptions = {}): Promise<Device> => rows[name].open(options);

/**
 * Opens a device after a trial in another process; `auto` opens all of cuda, webgpu and cpu that work.
 * Throws `device` with the runtime's message and advice.
 */
export async function openDevices(name: DeviceName | 'auto', options: DeviceOptions = {}): Promise<Device[]> {
  const reports = await Promise.all((name === 'auto' ? automatic : [name]).map((each) => tryDevice(each)));
  const working = reports.filter(({ available }) => available);
  if (working.length > 0) return Promise.all(working.map((report) => openUntried(report.name, options)));
  const node = process.env.SLURMD_NODENAME;
  const here = node ? `on node ${node}` : 'here';
  throw new PermafrostError('device', `${name} cannot be used ${here}: ${troubleText(reports[0])}`);
}

export interface DeviceReport extends DeviceInfo {
  name: DeviceName;
}

/** Every device, tried on a graph of one node in a process of its own. */
export const listDevices = (node?: string): Promise<DeviceReport[]> =>
  Promise.all(deviceNames.map((name) => tryDevice(name, node)));

const probeTime = 60_000; // a first GPU session may compile shaders

async function tryDevice(name: DeviceName, node = process.execPath): Promise<DeviceReport> {
  const trouble = rows[name].alwaysWorks ? null : await runProbe(name, node);
  return { name, available: trouble === null, ...(trouble ?? { why: null, help: null, command: null, detail: null }) };
}

const runProbe = (name: DeviceName, node: string): Promise<DeviceTrouble | null> =>
  new Promise((resolve) => {
    const probe = [join(import.meta.dirname, 'probe.ts'), name];
    execFile(node, probe, { timeout: probeTime }, (error, out) => {
      const timeout = error?.killed ? probeTime / 1000 : null;
      resolve(error ? deviceTrouble(name, { out, signal: error.signal, timeout }) : null);
    });
  });
