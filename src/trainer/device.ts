/** The devices of this machine, by their names in a config. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ExperimentConfig, isWebgpu } from '#contract/config';
import type { DeviceInfo, MixedPrecision } from '#contract/devices';
import { PermafrostError } from '#contract/errors';
import { plural } from '#contract/format';
import type { Device, OnnxDevice } from '#engine/device';
import { cudaRelease } from './cudaLibraries.ts';
import { cudaLack, type DeviceTrouble, deviceTrouble, troubleText } from './deviceTrouble.ts';
import { openGpu } from './gpu.ts';
import { findCard, findSystems } from './graphicsDriver.ts';
import { findDriver } from './nvidiaDriver.ts';

export type DeviceName = Exclude<ExperimentConfig['device'], 'auto'>;

export interface DeviceOptions {
  /** Number of CPU threads; one per core by default. */
  threads?: number;
  /** Folder of the file that holds the frozen weights. */
  weightFolder?: string;
  /** The Permafrost home, where a device caches its fastest settings. */
  home?: string;
  /** The floats that matrix products on WebGPU read; `fp32` by default. */
  precision?: ExperimentConfig['precision'];
  /** Shows a message about the device to the user. */
  say?(line: string): void;
}

interface DeviceRow {
  /** What it is. */
  about: string;
  open(options: DeviceOptions): Promise<Device>;
  /** The device needs no trial. */
  alwaysWorks?: boolean;
  /** What the machine lacks, so that no trial is worth its time. */
  lack?(): DeviceTrouble | null;
}

const graphicsCard = (card: number): DeviceRow => ({
  about: `${['The', 'The second', 'The third', 'The fourth'][card]} graphics card, through Vulkan, Direct3D 12 or Metal.`,
  open: (options) => openWebgpu(card, options),
});

const rows: Record<DeviceName, DeviceRow> = {
  cpu: {
    about: 'The processor, through ONNX Runtime. Works on every machine.',
    open: ({ threads = availableParallelism(), weightFolder }) =>
      onnxDevice(`cpu (ONNX Runtime, ${plural(threads, 'thread')})`, 'cpu', { threads, weightFolder }),
    alwaysWorks: true,
  },
  webgpu: graphicsCard(0),
  'webgpu:1': graphicsCard(1),
  'webgpu:2': graphicsCard(2),
  'webgpu:3': graphicsCard(3),
  cuda: {
    about: `An NVIDIA card, through ONNX Runtime and CUDA ${cudaRelease}. Linux x64 only.`,
    open: (options) => onnxDevice('cuda (ONNX Runtime)', 'cuda', options),
    lack: () => cudaLack({ platform: process.platform, arch: process.arch, driver: findDriver() }),
  },
  tensorflow: {
    about: 'TensorFlow.js on libtensorflow 2.9, one operation at a time. Slow; for comparison.',
    open: openTensorflow,
  },
};
const deviceNames = Object.keys(rows) as DeviceName[];

/** The devices that `auto` tries. */
const automatic: readonly DeviceName[] = ['cuda', 'webgpu', 'cpu'];

/** Providers that can keep values in device memory. In onnxruntime-node only WebGPU can. */
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
    padsProducts: provider === 'cpu',
    fusedMatMul: fusing.includes(provider),
  };
}

/**
 * Opens WebGPU with our own kernels, or with ONNX Runtime's if the optional package `webgpu` is missing or PERMAFROST_WEBGPU is `onnx`.
 * Throws `device` instead of using ONNX Runtime, which computes in fp32, with precision `mixed`.
 */
async function openWebgpu(card: number, options: DeviceOptions): Promise<Device> {
  const { precision, say, home } = options;
  const onnx = async (why: string) => {
    if (precision === 'mixed')
      throw new PermafrostError(
        'device',
        `Precision mixed needs Permafrost's own GPU kernels, and they cannot run: ${why} Choose precision fp32.`,
      );
    return onnxDevice('webgpu (ONNX Runtime)', 'webgpu', options);
  };
  if (card === 0 && process.env.PERMAFROST_WEBGPU === 'onnx') return onnx('PERMAFROST_WEBGPU is onnx.');
  try {
    return await openGpu({ card, fallback: onnx, say, home, precision });
  } catch (error) {
    if (card > 0 || error instanceof PermafrostError) throw error; // ONNX Runtime would take the first card
    const { message } = error as Error;
    const device = await onnx(message);
    say?.(`${message} ONNX Runtime's WebGPU runs the steps.`);
    return device;
  }
}

async function openTensorflow(): Promise<Device> {
  const require = createRequire(import.meta.url);
  const util = require('node:util') as { isNullOrUndefined?(value: unknown): boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined; // tfjs-node calls it, but newer versions of Node lack it
  const name = '@tensorflow/tfjs-node-gpu';
  require(name); // registers the backend
  return { kind: 'eager', name: 'tensorflow (libtensorflow, eager)', backend: 'tensorflow' };
}

/** Opens a device without a trial. A broken GPU driver may kill the process, so only probe processes call this for untried devices. */
export const openUntried = (name: DeviceName, options: DeviceOptions = {}): Promise<Device> => rows[name].open(options);

/**
 * Opens a device after a trial in another process. `auto` opens those of cuda, webgpu and cpu that work.
 * Throws `device` with advice and the runtime's message.
 */
export async function openDevices(name: DeviceName | 'auto', options: DeviceOptions = {}): Promise<Device[]> {
  const reports = await Promise.all((name === 'auto' ? automatic : [name]).map((each) => tryDevice(each)));
  const working = reports.filter(({ available }) => available);
  if (working.length > 0) return Promise.all(working.map((report) => openUntried(report.name, options)));
  const node = process.env.SLURMD_NODENAME;
  throw unusable({ ...reports[0], name }, node ? `on node ${node}` : 'here');
}

/** The error of a run whose device does not work in a place. */
export const unusable = (trouble: DeviceTrouble & { name: string }, place: string): PermafrostError =>
  new PermafrostError('device', `${trouble.name} cannot be used ${place}: ${troubleText(trouble)}`);

export interface DeviceReport extends DeviceInfo {
  name: DeviceName;
}

export interface TrialOptions {
  /** The Node that runs the trial; by default the one of this process. */
  node?: string;
  /** Environment of the trial; by default that of this process. */
  environment?: NodeJS.ProcessEnv;
}

/** What a trial finds out about a device that works. */
export interface Probed {
  /** The graphics card and its driver; null where the device is none of WebGPU's. */
  hardware: string | null;
  /** Graphics cards that WebGPU finds. */
  cards: number;
  mixed: MixedPrecision | null;
}

/** Opens the device as a run with precision `mixed` does. Null for devices that no such run may name. */
export async function tryMixed(name: DeviceName): Promise<MixedPrecision | null> {
  if (!isWebgpu(name)) return null;
  try {
    await openUntried(name, { precision: 'mixed' });
    return { available: true, why: null };
  } catch (error) {
    return { available: false, why: (error as Error).message };
  }
}

const isFurtherCard = (name: DeviceName): boolean => name.includes(':');

/** Tries every device on a small graph, each in its own process; of the further graphics cards those that WebGPU finds. */
export async function listDevices(options?: TrialOptions): Promise<DeviceReport[]> {
  const trials = await Promise.all(
    deviceNames.filter((name) => !isFurtherCard(name)).map((each) => tryOut(each, options)),
  );
  const cards = Math.max(...trials.map((trial) => trial.cards));
  const others = deviceNames.filter(isFurtherCard).slice(0, Math.max(0, cards - 1));
  const further = await Promise.all(others.map((each) => tryOut(each, options)));
  const reports = [...trials, ...further].map(({ report }) => report);
  return reports.sort((a, b) => deviceNames.indexOf(a.name) - deviceNames.indexOf(b.name));
}

const probeTime = 60_000; // a first GPU session may compile shaders

/** Tries one device. */
export const tryDevice = async (name: DeviceName, options?: TrialOptions): Promise<DeviceReport> =>
  (await tryOut(name, options)).report;

async function tryOut(name: DeviceName, options: TrialOptions = {}): Promise<{ report: DeviceReport; cards: number }> {
  const { about, alwaysWorks, lack } = rows[name];
  const found = alwaysWorks
    ? { hardware: null, cards: 0, mixed: null }
    : (lack?.() ?? (await probeDevice(name, options)));
  if ('why' in found) return { report: { name, about, available: false, mixed: null, ...found }, cards: 0 };
  const named = found.hardware ? about.replace(/\.$/, `: ${found.hardware}.`) : about;
  const works = { why: null, help: null, command: null, detail: null };
  return { report: { name, about: named, available: true, mixed: found.mixed, ...works }, cards: found.cards };
}

/** Tries a device in a separate process. Returns what is wrong with it, or its hardware. */
export const probeDevice = (
  name: DeviceName,
  { node = process.execPath, environment }: TrialOptions,
): Promise<DeviceTrouble | Probed> =>
  new Promise((resolve) => {
    const probe = [join(import.meta.dirname, 'probe.ts'), name];
    execFile(node, probe, { timeout: probeTime, env: environment }, (error, out, log) => {
      const timeout = error?.killed ? probeTime / 1000 : null;
      const machine = { platform: process.platform, systems: findSystems(), driver: findDriver(), hasCard: findCard() };
      if (error) resolve(deviceTrouble(name, { out: `${out}\n${log}`, signal: error.signal, timeout, machine }));
      else resolve(JSON.parse(out.trim().split('\n').at(-1)!) as Probed);
    });
  });
