/** The load of the machine, read once a second. GPUs are asked through `systeminformation`, which asks nvidia-smi where there is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Systeminformation } from 'systeminformation';
import type { GpuLoad, MachineLoad } from '#contract/machine';

const interval = 1000;

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

/** About once a second until the signal. */
export async function* machineLoad(signal?: AbortSignal): AsyncGenerator<MachineLoad> {
  const { cpu, currentLoad, graphics, mem } = await import('systeminformation'); // only the window asks
  const { manufacturer, brand } = await cpu();
  const name = [manufacturer, brand].filter(Boolean).join(' ');
  while (!signal?.aborted) {
    const [load, memory, { controllers }] = await Promise.all([currentLoad(), mem(), graphics()]);
    const gpus = controllers.map(gpuOf);
    yield {
      at: Date.now(),
      cpu: { name, load: load.currentLoad / 100, cores: load.cpus.map((core) => core.load / 100) },
      memory: { used: memory.total - memory.available, total: memory.total },
      gpus,
      missing: missingOf(gpus),
    };
    await sleep(interval, undefined, { signal }).catch(() => {}); // the signal ends the loop
  }
}
