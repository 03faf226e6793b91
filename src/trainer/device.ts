/** The devices of this machine, by the names that a config uses. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { plural } from '#contract/format';
import type { Device, OnnxDevice } from '#engine/device';
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
  /** Advice where it cannot be used; null for a device that always works. */
  help: string | null;
}

const rows: Record<DeviceName, DeviceRow> = {
  cpu: {
    open: ({ threads = availableParallelism(), weightFolder }) =>
      onnxDevice(`cpu (ONNX Runtime, ${plural(threads, 'thread')})`, 'cpu', { threads, weightFolder }),
    help: null,
  },
  webgpu: {
    open: (options) => openWebgpu(options),
    help: 'Install a driver with Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS). To try it without a GPU, point VK_ICD_FILENAMES at a software Vulkan.',
  },
  cuda: {
    open: (options) => onnxDevice('cuda (ONNX Runtime)', 'cuda', options),
    help: 'Install the NVIDIA driver, CUDA 12 and cuDNN 9, then fetch the provider: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install',
  },
  tensorflow: {
    open: openTensorflow,
    help: 'Install the optional package: npm install @tensorflow/tfjs-node-gpu (NVIDIA driver and CUDA 11 needed).',
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
  const [{ why, help }] = reports;
  throw new PermafrostError('device', `${name} cannot be used here: ${why} ${help}`);
}

export interface DeviceReport {
  name: DeviceName;
  available: boolean;
  /** The runtime's message in one line; null if the device works. */
  why: string | null;
  /** Advice on how to make it work; null if it does. */
  help: string | null;
}

/** Every device, tried on a graph of one node in a process of its own. */
export const listDevices = (node?: string): Promise<DeviceReport[]> =>
  Promise.all(deviceNames.map((name) => tryDevice(name, node)));

const probeTime = 60_000; // a first GPU session may compile shaders

async function tryDevice(name: DeviceName, node = process.execPath): Promise<DeviceReport> {
  const { help } = rows[name];
  const why =
    help === null
      ? null
      : await new Promise<string | null>((resolve) => {
          const probe = [join(import.meta.dirname, 'probe.ts'), name];
          execFile(node, probe, { timeout: probeTime }, (error, out) => resolve(error ? complaint(out, error) : null));
        });
  return { name, available: why === null, why, help: why === null ? null : help };
}

/** The probe's message, or how the probe ended without one. */
function complaint(out: string, { signal, killed }: { signal?: string | null; killed?: boolean }): string {
  if (killed) return `It did not answer within ${probeTime / 1000} seconds.`;
  if (signal) return `Its driver ended the process (${signal}).`;
  const words = out
    .replace(/\s+/g, ' ')
    .replace(/\/\S*onnxruntime_src\S* .*? was false\. /, '')
    .replace(/ Require stack: .*/, '')
    .trim();
  return `${words.slice(0, 300).replace(/[.\s]*$/, '')}.`;
}
