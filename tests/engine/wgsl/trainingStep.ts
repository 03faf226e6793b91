/** A training step of a config with random weights, as the tests of the planner and of the executor need it. */
import { parseConfig } from '#contract/config';
import type { Frozen, Spec, TensorData } from '#engine/program';
import { createState, type SharedState } from '#engine/state';
import { traceForGpu } from '#engine/wgsl/compile';
import { placeState } from '#engine/wgsl/gpuMemory';
import { type Plan, planStep } from '#engine/wgsl/plan';
import { buildModel } from '#models/index';
import { trainedNames } from '#models/steps';
import { taskOf } from '#tasks/index';
import { type FedProgram, programsOf } from '#trainer/programs';
import { planOf as trainingPlan } from '#trainer/protocol';

export interface TrainingStep extends FedProgram {
  state: SharedState;
  frozen: Record<string, Frozen>;
}

/** `weights` false: zeros, for those who only plan. */
export function trainingStep(settings: Record<string, unknown>, weights = true): TrainingStep {
  const config = parseConfig({ pretrained: false, ...settings });
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const trained = trainedNames(model);
  const spec = (name: string) => ({ shape: model.parameters[name] });
  const value = (name: string): Float32Array =>
    weights ? model.initialValue(name, 0) : new Float32Array(model.parameters[name].reduce((a, b) => a * b, 1));
  const others = Object.keys(model.parameters).filter((name) => model.isUsed(name) && !trained.includes(name));
  const plan = trainingPlan(config, task.readsWholeBatches);
  const { forward, slots } = programsOf({ config, task, shape, model, plan });
  return {
    ...forward(shape.lengths?.[0] ?? shape.tokens),
    state: createState({
      ...Object.fromEntries(trained.map((name) => [name, { ...spec(name), data: value(name) }])),
      ...slots,
    }),
    frozen: Object.fromEntries(others.map((name) => [name, { ...spec(name), read: () => value(name) }])),
  };
}

/** Some batch for the inputs of a step. */
export const someBatch = (inputs: Record<string, Spec>, seed: number): Record<string, TensorData> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return dtype === 'int32'
        ? [name, Int32Array.from({ length }, (_, i) => (i * 7 + seed) % 10)]
        : [name, Float32Array.from({ length }, (_, i) => ((i * 7 + seed) % 11) / 11)];
    }),
  );

export const roomyLimits = {
  maxStorageBufferBindingSize: 2 ** 31,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
};

/** The plan of a step. */
export function planOf({ program, state, inputs, frozen }: TrainingStep, limits = roomyLimits): Plan {
  const { trace, values } = traceForGpu(program, { state: state.specs, inputs, frozen });
  const { places } = placeState(state.specs, limits);
  return planStep(trace.graph, values, { limits, placeOfState: (name) => places.get(name)! });
}
