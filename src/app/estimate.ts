/** What a run costs, before it is begun. Counted from shapes, and scaled from what this machine has done. */
import { availableParallelism } from 'node:os';
import type { Estimate, ParameterGroup } from '#contract/catalogue';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import { type BodyTable, bodies, buildModel, countParameters, type Model } from '#models/index';
import { taskOf, tasks } from '#tasks/index';
import type { TaskShape } from '#tasks/task';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const bodyPrefix = 'transformer.';
const partOf: Partial<Record<ConfigField, ParameterGroup['part']>> = {
  freeze_pos: 'positions',
  freeze_ln: 'norm',
  freeze_attn: 'attention',
  freeze_ff: 'feed-forward',
};

/** Which part of the network a parameter belongs to, and the flag that freezes it. */
function placeOf(
  name: string,
  { model_name }: ExperimentConfig,
  model: Model,
  table: BodyTable,
): Pick<ParameterGroup, 'part' | 'block' | 'flag'> {
  if (name.startsWith('in_net')) return { part: 'input', block: null, flag: 'freeze_in' };
  if (name.startsWith('out_net')) return { part: 'output', block: null, flag: 'freeze_out' };
  const own = name.startsWith(bodyPrefix) ? name.slice(bodyPrefix.length) : name;
  const flag = table[model_name]?.body.freezeFlag(own, model.bodyConfig) ?? null;
  const unflagged = own.includes('position') ? 'positions' : 'tokens';
  return { part: (flag && partOf[flag]) ?? unflagged, block: blockOf(own), flag };
}

/** The block of the body that a parameter's name puts it in; blocks are numbered inside the name. */
function blockOf(name: string): number | null {
  const number = /\.(\d+)\./.exec(name);
  return number ? Number(number[1]) : null;
}

/** How many blocks the parameters of a body make up. */
export const blocksOf = (names: readonly string[]): number =>
  new Set(names.map(blockOf).filter((block) => block !== null)).size;

const order: readonly ParameterGroup['part'][] = ['input', 'tokens', 'positions', 'norm', 'attention', 'feed-forward'];
/** Input, embeddings, the blocks, what follows them, output. */
function depth({ part, block }: ParameterGroup): number {
  if (part === 'output') return 1e6;
  const inside = order.indexOf(part);
  if (block !== null) return 10 * (block + 1) + inside;
  return part === 'norm' ? 1e5 : inside;
}

/** The parameters of a config by what freezes together, in the order of the network. */
export function parameterGroups(config: ExperimentConfig, model: Model, table: BodyTable = bodies): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup>();
  for (const [name, shape] of Object.entries(model.parameters)) {
    const place = placeOf(name, config, model, table);
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

/** Parameters that every token is multiplied with. */
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

/** A run that this machine has done. */
export interface Measured {
  id: string;
  config: ExperimentConfig;
  seconds: number;
  /** Operations of what it did. */
  operations: number;
}

/** A finished run, as the store tells it. */
export interface Finished {
  id: string;
  config: ExperimentConfig;
  /** Optimizer steps that it took. */
  steps: number;
  seconds: number;
}

/** Everything about a config before it is begun. Throws `config`. */
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
    groups: parameterGroups(config, model, table),
    steps: config.num_iters * config.steps_per_iter,
    ...secondsOf(operationsOf(config, model, shape), config, measured, availableParallelism()),
    memoryBytes: memoryOf(config, model, shape, trainable),
    diskBytes: diskOf(config, trainable),
  };
}

/** Null for a run that this Permafrost could not do again. */
function measure({ id, config, steps, seconds }: Finished, table: BodyTable): Measured | null {
  if (!(config.task in tasks) || !(config.model_name in table)) return null;
  const done = { ...config, num_iters: steps / config.steps_per_iter }; // early stop
  const shape = taskOf(config).shape(config);
  return { id, config, seconds, operations: operationsOf(done, buildModel(config, shape, table), shape) };
}

/** Operations a second of one core where nothing has been measured yet: ONNX Runtime on a laptop of 2020. */
const assumedRate = 40e9;

/** Seconds of a run, from those done here that are most like it. */
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
/** Values kept for the backward pass per token and unit of width in a block; measured on GPT-2 small. */
const activationsPerWidth = 34;
/** Node, ONNX Runtime and the compiled graphs. */
const processBytes = 250e6;

/** Memory of the trainer while it trains. */
export function memoryOf(config: ExperimentConfig, model: Model, shape: TaskShape, trainable: number): number {
  const used = Object.entries(model.parameters).filter(([name]) => model.isUsed(name));
  const weights = used.reduce((sum, [, s]) => sum + sizeOf(s), 0);
  const { width, blocks } = bodySize(model);
  const tokens = tokensOf(shape);
  const samples = Math.min(config.batch_size, config.gpu_batch_size);
  const activations = samples * tokens * blocks * (activationsPerWidth * width + 4 * tokens);
  return processBytes + float * (weights + 8 * trainable + activations); // value and two moments in two buffers, gradient, best
}

/** Width and blocks, read from the shapes. */
function bodySize(model: Model): { width: number; blocks: number } {
  const own = Object.entries(model.parameters)
    .filter(([name]) => name.startsWith(bodyPrefix))
    .map(([name, shape]) => ({ name: name.slice(bodyPrefix.length), shape }));
  const biases = own.filter(({ name, shape }) => shape.length === 1 && blockOf(name) !== null);
  const width = biases.reduce((most, { shape }) => Math.max(most, shape[0]), 4);
  return { width: width / 4, blocks: Math.max(1, blocksOf(own.map(({ name }) => name))) }; // the widest bias is the feed-forward layer's, 4 × the width
}

/** A metric row in the journal and in the store. */
const rowBytes = 65;

/** The run's folder and its rows at the end: checkpoint and best weights, three rows a step, two an iteration. */
export const diskOf = ({ num_iters, steps_per_iter }: ExperimentConfig, trainable: number): number =>
  float * 5 * trainable + rowBytes * num_iters * (3 * steps_per_iter + 2);
