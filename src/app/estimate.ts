/** The cost of a run before it starts: counted from shapes, and scaled from finished runs of this machine. */
import { availableParallelism } from 'node:os';
import type { Estimate, ParameterGroup } from '#contract/catalogue';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import { bodyPrefix } from '#models/body';
import { type BodyTable, bodies, buildModel, isNetwork } from '#models/index';
import { blockOf, trainingBytes } from '#models/memory';
import { countParameters, type Model } from '#models/model';
import { taskOf, tasks } from '#tasks/index';
import type { TaskShape } from '#tasks/task';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const ownName = (name: string): string => (name.startsWith(bodyPrefix) ? name.slice(bodyPrefix.length) : name);
const partOf: Partial<Record<ConfigField, ParameterGroup['part']>> = {
  freeze_pos: 'positions',
  freeze_ln: 'norm',
  freeze_attn: 'attention',
  freeze_ff: 'feed-forward',
};

/** Which part of the network a parameter belongs to, and the flag that freezes it. */
function placeOf(name: string, model: Model): Pick<ParameterGroup, 'part' | 'block' | 'flag'> {
  const flag = model.freezeFlag(name);
  if (flag === 'freeze_in') return { part: 'input', block: null, flag };
  if (flag === 'freeze_out') return { part: 'output', block: null, flag };
  const unflagged = name.includes('position') ? 'positions' : 'tokens';
  return { part: (flag && partOf[flag]) ?? unflagged, block: blockOf(ownName(name)), flag };
}

const order: readonly ParameterGroup['part'][] = ['input', 'tokens', 'positions', 'norm', 'attention', 'feed-forward'];
/** Input, embeddings, the blocks, what follows them, output. */
function depth({ part, block }: ParameterGroup): number {
  if (part === 'output') return 1e6;
  const inside = order.indexOf(part);
  if (block !== null) return 10 * (block + 1) + inside;
  return part === 'norm' ? 1e5 : inside;
}

/** Groups the parameters that freeze together, in the order of the network. */
export function parameterGroups(model: Model): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup>();
  for (const [name, shape] of Object.entries(model.parameters)) {
    const place = placeOf(name, model);
    const key = `${place.part} ${place.block} ${place.flag}`;
    const group = groups.get(key) ?? { ...place, count: 0, trained: model.isTrainable(name) };
    group.count += sizeOf(shape);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => depth(a) - depth(b));
}

/** Tokens of a sample inside the transformer. */
const tokensOf = ({ embedding, tokens, width, inputDim }: TaskShape): number =>
  embedding ? tokens : (tokens * width) / inputDim;

/** Number of weights that multiply every token. */
const multiplied = (model: Model): number =>
  Object.entries(model.parameters)
    .filter(([name, shape]) => shape.length > 1 && model.isUsed(name))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);

/** Multiply-adds × 2 of all the training and testing of a run: forward 2, backward 2 more, and 2 for weights that are trained. */
export function operationsOf(config: ExperimentConfig, model: Model, shape: TaskShape): number {
  const forward = 2 * multiplied(model) * tokensOf(shape);
  const backward = config.freeze_trans && config.freeze_attn && config.freeze_ff ? forward : 2 * forward;
  const trained = config.num_iters * config.steps_per_iter * config.batch_size;
  const tested = config.num_iters * config.test_steps_per_iter + config.final_test_samples;
  return trained * (forward + backward) + tested * forward;
}

/** A run that finished on this machine. */
export interface Measured {
  id: string;
  config: ExperimentConfig;
  seconds: number;
  /** Operations that it executed. */
  operations: number;
}

/** A finished run in the store. */
export interface Finished {
  id: string;
  config: ExperimentConfig;
  /** Optimizer steps that it took. */
  steps: number;
  seconds: number;
}

/** Estimates parameters, time, memory and disk of a config. Throws `config`. */
export function estimateOf(
  config: ExperimentConfig,
  finished: readonly Finished[],
  table: BodyTable = bodies,
): Estimate {
  const shape = taskOf(config).shape(config);
  const model = buildModel(config, shape, table);
  const { trainable, total } = countParameters(model);
  const measured = finished.flatMap((run) => measure(run, table) ?? []);
  return {
    trainable,
    total,
    groups: parameterGroups(model),
    steps: config.num_iters * config.steps_per_iter,
    ...secondsOf(operationsOf(config, model, shape), config, measured, availableParallelism()),
    memoryBytes: trainingBytes(model, Math.min(config.batch_size, config.gpu_batch_size), tokensOf(shape)),
    diskBytes: diskOf(config, trainable),
  };
}

/** Null for a run whose task or body this version does not have. */
function measure({ id, config, steps, seconds }: Finished, table: BodyTable): Measured | null {
  const { task, model_name } = config;
  if (!Object.hasOwn(tasks, task) || !(Object.hasOwn(table, model_name) || isNetwork(model_name))) return null;
  const done = { ...config, num_iters: steps / config.steps_per_iter }; // early stop
  const shape = taskOf(config).shape(config);
  return { id, config, seconds, operations: operationsOf(done, buildModel(config, shape, table), shape) };
}

/** Operations per second and core before anything is measured: ONNX Runtime on a laptop of 2020. */
const assumedRate = 40e9;

/** Seconds of a run, scaled from the most similar run that finished here. */
export function secondsOf(
  operations: number,
  config: ExperimentConfig,
  measured: readonly Measured[],
  cores: number,
): { seconds: number; basis: string } {
  const body = (c: ExperimentConfig) => [c.model_name, c.n_layer, c.n_embd, c.freeze_trans, c.device].join();
  const same = measured.findLast((m) => m.config.task === config.task && body(m.config) === body(config));
  const like = same ?? measured.findLast((m) => body(m.config) === body(config)) ?? measured.at(-1);
  if (like) {
    const seconds = (operations * like.seconds) / like.operations;
    return { seconds, basis: same ? `as fast as ${like.id} was here` : `scaled by operations from ${like.id}` };
  }
  return {
    seconds: operations / (assumedRate * cores),
    basis: `no run has finished here yet; assumes ${(assumedRate * cores) / 1e9} GFLOP/s`,
  };
}

const float = 4;
/** A metric row in the journal and in the store. */
const rowBytes = 65;

/** Bytes of the run's folder and rows at the end: checkpoint and best weights, three rows per step, two per iteration. */
export const diskOf = ({ num_iters, steps_per_iter }: ExperimentConfig, trainable: number): number =>
  float * 5 * trainable + rowBytes * num_iters * (3 * steps_per_iter + 2);
