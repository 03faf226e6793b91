/** The devices of this machine, and its load once a second from `systeminformation`, which asks nvidia-smi about GPUs. */
import type { Systeminformation } from 'systeminformation';
import type { DeviceInfo, DeviceServices, GpuLoad, MachineLoad } from '#contract/devices';
import { PermafrostError } from '#contract/errors';
import { streamPolled } from '#contract/streamValues';
import { listDevices, type TrialOptions, tryDevice, unusable } from '#trainer/device';
import { runtimeEnvironment } from '#trainer/environment';
import { cudaServices } from './cuda.ts';

interface Options {
  /** The Node that tries the devices; by default the one of this process. */
  node?: string;
  /** Queued and running runs that need `cuda`. */
  onCuda?(): readonly string[];
}

/** The services of the page *Devices* and of `permafrost devices` and `gpu`. */
export function deviceServices(home: string, { node, onCuda = () => [] }: Options = {}): DeviceServices {
  const trial: TrialOptions = { node, environment: runtimeEnvironment(process.env, home) };
  let tried: Promise<DeviceInfo[]> | null = null;
  return {
    list(again) {
      if (again || !tried) tried = listDevices(trial);
      return tried;
    },
    async require(configs) {
      for (const name of new Set(configs.map(({ device }) => device))) {
        if (name === 'auto') continue; // takes what works
        const report = await tryDevice(name, trial); // not a cached result, since a driver may be installed meanwhile
        if (!report.available) throw unusable(report, 'here');
        const isMixed = configs.some(({ device, precision }) => device === name && precision === 'mixed');
        if (isMixed && report.mixed?.why) throw new PermafrostError('device', report.mixed.why);
      }
    },
    cuda: cudaServices(home, trial, onCuda),
    live: (signal) => streamLoad(signal),
  };
}

const interval = 1000; // ms
/** Name of the processor, read once. */
let processor: string | undefined;

const nameOf = ({ manufacturer, brand }: Systeminformation.CpuData): string =>
  [manufacturer, brand].filter(Boolean).join(' ');

const gpuOf = (controller: Systeminformation.GraphicsControllerData): GpuLoad => ({
  name: [controller.vendor, controller.model].filter(Boolean).join(' '),
  load: controller.utilizationGpu === undefined ? null : controller.utilizationGpu / 100,
  memoryUsed: controller.memoryUsed === undefined ? null : controller.memoryUsed * 2 ** 20,
  memoryTotal: controller.memoryTotal === undefined ? null : controller.memoryTotal * 2 ** 20,
  temperature: controller.temperatureGpu ?? null,
});

/** Measurements that are not available, and why. */
function missingOf(gpus: GpuLoad[]): MachineLoad['missing'] {
  if (gpus.length === 0)
    return [{ what: 'GPU', why: 'The system reports no graphics card. Runs use the CPU; a driver may be missing.' }];
  return gpus
    .filter(({ load }) => load === null)
    .map(({ name }) => ({
      what: name,
      why: 'Its load cannot be read without nvidia-smi, which comes with the NVIDIA driver.',
    }));
}

async function readLoad(): Promise<MachineLoad> {
  const { cpu, currentLoad, graphics, mem } = await import('systeminformation'); // slow to load, and only the window needs it
  processor ??= nameOf(await cpu());
  const [load, memory, { controllers }] = await Promise.all([currentLoad(), mem(), graphics()]);
  const gpus = controllers.map(gpuOf);
  return {
    at: Date.now(),
    cpu: { name: processor, load: load.currentLoad / 100, cores: load.cpus.map((core) => core.load / 100) },
    memory: { used: memory.total - memory.available, total: memory.total },
    gpus,
    missing: missingOf(gpus),
  };
}

const streamLoad = streamPolled(readLoad, interval);
