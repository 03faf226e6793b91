/** The load of the machine, read once a second. GPUs are asked through `systeminformation`, which asks nvidia-smi where there is one. */
import type { Systeminformation } from 'systeminformation';
import type { GpuLoad, MachineLoad } from '#contract/machine';
import { polled } from '#contract/reported';

const interval = 1000;
/** Its name never changes. */
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

/** What a reader may look for and not find. */
function missingOf(gpus: GpuLoad[]): MachineLoad['missing'] {
  if (gpus.length === 0)
    return [{ what: 'GPU', why: 'The system reports no graphics card. Runs use the CPU; a driver may be missing.' }];
  return gpus
    .filter(({ load }) => load === null)
    .map(({ name }) => ({
      what: name,
      why: 'Its load cannot be read: that needs nvidia-smi, which comes with the NVIDIA driver.',
    }));
}

async function readLoad(): Promise<MachineLoad> {
  const { cpu, currentLoad, graphics, mem } = await import('systeminformation'); // only the window asks
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

/** About once a second until the signal. The machine is asked once for all who listen. */
export const machineLoad = polled(readLoad, interval);
