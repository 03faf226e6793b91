/** The graphs that every model makes on every task that fits it: each program, frozen and trained whole, in both variants. */

import { tokensOf } from '#app/runCost';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { fuse, reachable } from '#engine/fuse';
import type { Value } from '#engine/graph';
import { createState } from '#engine/state';
import { traceProgram } from '#engine/trace';
import { buildModel } from '#models/index';
import type { Model } from '#models/model';
import { refuseAllFrozen, trainedNames } from '#models/steps';
import { tasks } from '#tasks/index';
import { batchForms, type FedProgram, programsOf } from '#trainer/programs';
import { planOf } from '#trainer/protocol';

export interface EmittedGraph {
  name: string;
  outputs: Map<string, Value>;
}

/** One block of little width: depth and width add no operators. */
const small = { pretrained: false, batch_size: 2, gpu_batch_size: 2, n_layer: 1, dropout: 0.1, body_dropout: 0.1 };
const everyTask = Object.keys(tasks);
const models: { on: string[]; settings: Partial<ExperimentConfig> }[] = [
  { on: everyTask, settings: { model_name: 'gpt2', n_embd: 32, n_head: 2, n_positions: 4096 } },
  { on: everyTask, settings: { model_name: 'ViT-B_16', n_embd: 32, n_head: 2, n_positions: 4096 } },
  { on: everyTask, settings: { model_name: 'lstm' } },
  {
    on: ['mnist-add', 'mnist-add-reg'],
    settings: { model_name: 'nac', n_layer: null, body_dropout: null, freeze_in: false, freeze_out: false },
  },
  { on: ['cyp3a4-graph'], settings: { model_name: 'mat' } },
  { on: ['speech-commands-mel'], settings: { model_name: 'ast', n_embd: 32, n_head: 2 } },
];
const ways: Partial<ExperimentConfig>[] = [
  { freeze_trans: true, in_layer_sizes: [8], out_layer_sizes: [8] },
  { freeze_trans: false, freeze_attn: false, freeze_ff: false, freeze_pos: false, freeze_ln: false },
  { variant: 'reference', optimizer: 'sgd', schedule: 'cosine', warmup_steps: 5, bit_head: 'cross-entropy' },
];

/** The graphs as ONNX Runtime's CUDA provider gets them. */
export function* emittedGraphs(): Generator<EmittedGraph> {
  for (const { on, settings } of models)
    for (const task of on)
      for (const [i, published] of tasks[task].settings.entries())
        for (const way of i === 0 ? ways : ways.slice(0, 1)) {
          const config = fitting({ ...small, ...settings, task, ...published, ...way });
          if (config) yield* graphsOf(config);
        }
}

/** An LSTM is unrolled, and more tokens repeat the same operators. */
const longestUnrolled = 16;

/** The config; null where the model does not fit the task. */
function fitting(settings: Record<string, unknown>): ExperimentConfig | null {
  const config = parseConfig(settings);
  try {
    const shape = tasks[config.task].shape(config);
    refuseAllFrozen(config, buildModel(config, shape));
    return config.model_name === 'lstm' && tokensOf(shape) > longestUnrolled ? null : config;
  } catch (error) {
    if (error instanceof PermafrostError && error.code === 'config') return null;
    throw error;
  }
}

function* graphsOf(config: ExperimentConfig): Generator<EmittedGraph> {
  const task = tasks[config.task];
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const plan = planOf(config, task.readsWholeBatches);
  const programs = (microBatches: number) =>
    programsOf({ config, task, shape, model, plan: { ...plan, microBatches } });
  const [whole, accumulating] = [programs(1), programs(2)];
  const smallest = (samples: number) => batchForms(shape, samples).at(-1)!;
  const named: [string, FedProgram][] = [
    ['train', whole.forward(smallest(plan.microBatch))],
    ['accumulate', accumulating.forward(smallest(plan.microBatch))],
    ['apply', accumulating.apply!],
    ['evaluate', whole.evaluation(smallest(plan.evalBatch))],
  ];
  const trained = trainedNames(model);
  const state = createState({
    ...Object.fromEntries(trained.map((name) => [name, { shape: model.parameters[name], data: zeros(model, name) }])),
    ...accumulating.slots,
  });
  const others = Object.keys(model.parameters).filter((name) => model.isUsed(name) && !trained.includes(name));
  const frozen = Object.fromEntries(
    others.map((name) => [name, { shape: model.parameters[name], read: () => zeros(model, name) }]),
  );
  for (const [name, { program, inputs }] of named) {
    const trace = traceProgram(program, { state: state.specs, inputs, frozen });
    const fused = fuse(trace.graph, [...trace.outputs.values()], { fusedMatMul: true });
    yield {
      name: `${config.model_name} on ${config.task}, ${name}`,
      outputs: new Map([...trace.outputs.keys()].map((output, i) => [output, fused[i]])),
    };
  }
}

const zeros = ({ parameters }: Model, name: string): Float32Array =>
  new Float32Array(parameters[name].reduce((a, b) => a * b, 1));

/** Operators of a graph and the types that they work on, such as `Cast int32 → float32`, by the node's name. */
export const operatorsOf = ({ outputs }: EmittedGraph): Map<string, string> =>
  new Map(
    reachable([...outputs.values()]).map(({ op, id, domain, inputs, outputs }) => [
      `${op}_${id}`,
      `${domain ? `${domain}.` : ''}${op} ${typesOf(inputs)} → ${typesOf(outputs)}`,
    ]),
  );

/** Each type once: Concat and Split have any number of operands or results. */
const typesOf = (values: readonly Value[]): string => [...new Set(values.map(({ dtype }) => dtype))].join(', ');
