/**
 * `node planGpu.ts HOME CONFIG`: plans the programs of a config (JSON) for a graphics card and prints what they take of its
 * memory as a `GpuMemory` in JSON. Allocates nothing on the card; its limits are those of the one here, or roomy without one.
 */
import type { GpuMemory } from '#contract/catalogue';
import { isWebgpu, parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Frozen } from '#engine/program';
import { traceForGpu } from '#engine/wgsl/compile';
import { placeState } from '#engine/wgsl/gpuMemory';
import { frozenBytes, type PlanLimits, planStep, stepBytes } from '#engine/wgsl/plan';
import { buildModel } from '#models/index';
import { trainedNames } from '#models/steps';
import { taskOf } from '#tasks/index';
import { knownBodies } from '#zoo/bodies';
import { openUntried } from './device.ts';
import { batchForms, type FedProgram, mostForms, programsOf, type RunParts } from './programs.ts';
import { planOf } from './protocol.ts';

/** What large cards allow. */
const roomy: PlanLimits = {
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxStorageBuffersPerShaderStage: 16,
  maxComputeWorkgroupStorageSize: 32768,
};

/** Bytes of the state, of frozen weights, and of the buffers of every program. */
function plannedBytes(parts: RunParts, limits: PlanLimits): number {
  const { model, shape, plan } = parts;
  const programs = programsOf(parts);
  const trained = trainedNames(model);
  const spec = (name: string) => ({ shape: model.parameters[name], dtype: 'float32' as const });
  const state = {
    ...Object.fromEntries(trained.map((name) => [name, spec(name)])),
    ...Object.fromEntries(
      Object.entries(programs.slots).map(([name, { shape, dtype = 'float32' as const }]) => [name, { shape, dtype }]),
    ),
  };
  const unread = (): never => {
    throw new Error('internal: a plan reads no weights');
  };
  const frozen: Record<string, Frozen> = Object.fromEntries(
    Object.keys(model.parameters)
      .filter((name) => model.isUsed(name) && !trained.includes(name))
      .map((name) => [name, { ...spec(name), read: unread }]),
  );
  const { places, sizes } = placeState(state, limits);
  const kept = (samples: number) => batchForms(shape, samples).slice(0, mostForms);
  const fed: FedProgram[] = [
    ...(plan.totalSteps > 0 ? kept(plan.microBatch).map(programs.forward) : []),
    ...(programs.apply ? [programs.apply] : []),
    ...kept(plan.evalBatch).map(programs.evaluation),
  ];
  const weights = new Map<string, number>();
  let bytes = 4 * sizes.reduce((a, b) => a + b, 0);
  for (const { program, inputs } of fed) {
    const { trace, values } = traceForGpu(program, { state, inputs, frozen });
    const planned = planStep(trace.graph, values, { limits, placeOfState: (name) => places.get(name)! });
    bytes += stepBytes(planned);
    for (const [name, size] of frozenBytes(planned)) weights.set(name, size);
  }
  for (const size of weights.values()) bytes += size;
  return bytes;
}

function memoryOf(parts: RunParts, limits: PlanLimits): GpuMemory {
  try {
    return { bytes: plannedBytes(parts, limits), problem: null };
  } catch (error) {
    if (!(error instanceof PermafrostError) || error.code !== 'device') throw error;
    return { bytes: null, problem: error.message };
  }
}

const [home, json] = process.argv.slice(2);
const config = parseConfig(JSON.parse(json));
const task = taskOf(config);
const shape = task.shape(config);
const model = buildModel(config, shape, knownBodies(home));
const parts: RunParts = { config, task, shape, model, plan: planOf(config, task.readsWholeBatches) };
const name = isWebgpu(config.device) ? config.device : 'webgpu';
const device = await openUntried(name, { say: () => {} }).catch(() => null);
console.log(JSON.stringify(memoryOf(parts, device?.kind === 'wgsl' ? device.gpu.limits : roomy)));
process.exit(0);
