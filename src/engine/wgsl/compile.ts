/** Compiles a program into a step on a GPU. */
import type { WgslDevice } from '../device.ts';
import { fuse } from '../fuse.ts';
import { mapValues } from '../mapValues.ts';
import { checkedInput, noiseWords } from '../noise.ts';
import { printGraph } from '../print.ts';
import type { CompiledStep, Frozen, Program, Spec, TensorData } from '../program.ts';
import type { SharedState } from '../state.ts';
import { traceProgram } from '../trace.ts';
import { openExecution } from './executor.ts';
import type { Gpu } from './gpu.ts';
import { type GpuState, gpuState, placeState } from './gpuMemory.ts';
import { planStep } from './plan.ts';
import { printPlan } from './printPlan.ts';
import { tunedTiles } from './tuning.ts';

export interface WgslStepOptions {
  state: SharedState;
  inputs: Record<string, Spec>;
  frozen: Record<string, Frozen>;
  print?(graph: string): void;
}

/** The trace of a program, and the simplified values that a plan computes. */
export function traceForGpu(program: Program, specs: Parameters<typeof traceProgram>[1]) {
  const trace = traceProgram(program, specs);
  const names = [...trace.outputs.keys()];
  const fused = fuse(trace.graph, [...trace.outputs.values()], { fusedMatMul: false });
  return { trace, values: new Map(names.map((name, k) => [name, fused[k]])) };
}

/** Compiles a program. Throws `trace` if it cannot be recorded, and `device` if the GPU cannot run it. */
export async function compileWgsl(
  program: Program,
  { state, inputs, frozen, print }: WgslStepOptions,
  device: WgslDevice,
): Promise<CompiledStep> {
  const { gpu, unit } = device;
  const traceStart = performance.now();
  const { trace, values } = traceForGpu(program, { state: state.specs, inputs, frozen });
  print?.(printGraph(values));
  const { places } = placeState(state.specs, gpu.limits);
  const options = { limits: gpu.limits, unit, placeOfState: (name: string) => places.get(name)! };
  const untuned = planStep(trace.graph, values, options);
  const tileFor = device.tiles && (await tunedTiles(gpu, untuned.products, device.tiles, unit));
  const plan = tileFor ? planStep(trace.graph, values, { ...options, tileFor }) : untuned;
  print?.(printPlan(plan));
  const resident = await residentOn(state, gpu); // nothing is allocated before the plan is known to fit
  const compileStart = performance.now();
  const execution = await openExecution(gpu, plan, resident.bufferOf);
  const stats = {
    nodes: plan.dispatches.length,
    traceMs: compileStart - traceStart,
    compileMs: performance.now() - compileStart,
  };
  const specs = mapValues(inputs, ({ shape, dtype = 'float32' }) => ({ shape, dtype }));
  const step: CompiledStep = {
    stats,
    async start(batch, noiseSeed) {
      const fed: Record<string, TensorData> = {};
      for (const [name, { dtype, shape }] of Object.entries(specs))
        fed[`in/${name}`] = checkedInput(name, batch[name], dtype, shape);
      if (trace.noise.length > 0) {
        const draw = noiseWords(noiseSeed);
        trace.noise.forEach((n, i) => {
          fed[`noise/${i}`] = draw(n);
        });
      }
      await residentOn(state, gpu);
      resident.send();
      const started = await execution.start(fed);
      resident.wrote(trace.changed);
      return started;
    },
    run: async (...fed) => (await step.start(...fed)).outputs(),
    async release() {
      await state.resident?.fetch(); // brings new state to the host, where it is after any step
      await execution.release();
    },
  };
  return step;
}

const states = new WeakMap<SharedState, GpuState>();

/** The state on this GPU. Moves it there from another device if necessary. */
async function residentOn(state: SharedState, gpu: Gpu): Promise<GpuState> {
  const known = states.get(state);
  const own = known?.gpu === gpu ? known : gpuState(state.specs, state.live, gpu);
  states.set(state, own);
  if (state.resident !== own) await state.resident?.leave();
  state.resident = own;
  return own;
}
