/** The table of bodies, and a config's model. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import type { Noise, Tensors } from '#engine/program';
import { ast, astArchitecture, astConfig } from './ast.ts';
import {
  type Body,
  bodyOverrides,
  type FreezeField,
  type Network,
  type Probe,
  type Shapes,
  type StoredAs,
} from './body.ts';
import {
  bodyPrefix,
  type FptConfig,
  fptForward,
  fptParameters,
  freezeFlag,
  initializerOf,
  isLoaded,
  isTrainable,
  isUsed,
} from './fpt.ts';
import { gpt2, gpt2Configs } from './gpt2.ts';
import { initialize } from './initialize.ts';
import { lstm, lstmConfigs } from './lstm.ts';
import { mat, matConfig, matNetwork } from './mat.ts';
import { blocksOf, keptByBlocks } from './memory.ts';
import { nac } from './nac.ts';
import { vit, vitConfigs } from './vit.ts';

export { bodyOverrides };

/** What a model must know of its task. */
export interface ModelShape {
  tokens: number;
  width: number;
  embedding: boolean;
  inputDim: number;
  outputDim: number;
}

export interface Model {
  /** Shapes by name, in the order of the reference's model.parameters(). */
  parameters: Shapes;
  isTrainable(name: string): boolean;
  /** The field of a config that freezes a parameter; null: it has none of its own. */
  freezeFlag(name: string): FreezeField | null;
  /** False for parameters that are counted but never computed with (GPT-2's wte). */
  isUsed(name: string): boolean;
  /** Whether a checkpoint of the body holds the parameter. */
  isLoaded(name: string): boolean;
  /** Starting value of a parameter that is not loaded: a function of the seed and the name. */
  initialValue(name: string, seed: number): Float32Array;
  /** Where a checkpoint with these names has the body's parameters; some may be missing or more than the body has. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
  /** Values of one sample of so many tokens that training keeps for the backward pass, about. */
  kept(tokens: number): number;
  /** Everything that decides the body's shapes and dropout. */
  bodyConfig: object;
  /** x as the task gives it → logits [b, 1, k], read at the last token or at token `at` [b] of each sample. Null noise: evaluation. */
  forward(p: Tensors, x: Tensor, noise: Noise | null, probe?: Probe, at?: Tensor): Tensor;
}

/** An architecture and the config of one size of it. */
export interface ArchitectureRow<A = Body<object> | Network<object>> {
  body: A;
  config: object;
}
export type BodyRow = ArchitectureRow<Body<object>>;
export type NetworkCard = ArchitectureRow<Network<object>>;
export const isBody = (row: ArchitectureRow): row is BodyRow => !('task' in row.body);

const rowsOf = <Config extends object>(body: Body<Config>, configs: Record<string, Config>): [string, BodyRow][] =>
  Object.entries(configs).map(([name, config]) => [name, { body, config }]);

export type BodyTable = Readonly<Record<string, BodyRow>>;

/** The published bodies by model_name; a home may know more. */
export const bodies: BodyTable = Object.fromEntries([
  ...rowsOf(gpt2, gpt2Configs),
  ...rowsOf(vit, vitConfigs),
  ...rowsOf(lstm, lstmConfigs),
]);

/** Whether the config asks for a body of another size than the named checkpoint's. */
export const isScaled = (config: ExperimentConfig): boolean => bodyOverrides.some((field) => config[field] !== null);

/** A network that is no body between an input and an output network. */
interface NetworkRow {
  /** Throws `config` for a task or settings that are not for it. */
  build(config: ExperimentConfig, shape: ModelShape): Model;
  /** Null: it has one size and no weights that anybody published, so there is nothing to list. */
  card: NetworkCard | null;
}

/** Networks by model_name. */
export const networks: Readonly<Record<string, NetworkRow>> = {
  nac: { build: nac, card: null },
  mat: { build: mat, card: { body: matNetwork, config: matConfig } },
  ast: { build: ast, card: { body: astArchitecture, config: astConfig } },
  'MIT/ast-finetuned-speech-commands-v2': { build: ast, card: null }, // another name of the same
};

/** Whether a model_name is that of a network without a body. */
export const isNetwork = (name: string): boolean => Object.hasOwn(networks, name);

/** How a config's body differs from the one of published runs, beside its size; null: not at all. */
export const bodyDeviation = ({ variant, model_name }: ExperimentConfig, table: BodyTable = bodies): string | null =>
  Object.hasOwn(table, model_name) ? table[model_name].body.deviation(variant) : null;

function bodyOf(config: ExperimentConfig, table: BodyTable): { body: Body<object>; bodyConfig: object } {
  const row = Object.hasOwn(table, config.model_name) ? table[config.model_name] : null;
  if (!row) {
    throw new PermafrostError(
      'config',
      `model_name: there is no body "${config.model_name}". Did you mean ${nearest(config.model_name, [...Object.keys(table), ...Object.keys(networks)])}? Other GPT-2 and ViT models can be added: permafrost zoo add.`,
    );
  }
  const { body } = row;
  const bodyConfig = body.configure(row.config, config);
  const [width, heads] = [body.width(bodyConfig), body.heads(bodyConfig)];
  if (width % heads !== 0)
    throw new PermafrostError('config', `n_embd ${width} must be a multiple of n_head ${heads}.`);
  return { body, bodyConfig };
}

/**
 * The model of a config on a task's shape; one without iterations is only evaluated, so all of it is frozen.
 * Throws `config` for an unknown body or sizes that do not fit; allocates nothing.
 */
export function buildModel(config: ExperimentConfig, shape: ModelShape, table: BodyTable = bodies): Model {
  if (config.pretrained && isScaled(config)) {
    const fields = bodyOverrides.filter((field) => config[field] !== null).join(', ');
    throw new PermafrostError(
      'config',
      `${fields}: pretrained weights of ${config.model_name} have their own size. Set pretrained to false or leave these fields empty.`,
    );
  }
  const { model_name: name } = config;
  const model = isNetwork(name) ? networks[name].build(config, shape) : aroundBody(config, shape, table);
  return config.num_iters === 0 ? { ...model, isTrainable: () => false } : model;
}

/** A body between an input and an output network that fit the task. */
function aroundBody(config: ExperimentConfig, shape: ModelShape, table: BodyTable): Model {
  const { body, bodyConfig } = bodyOf(config, table);
  if (!shape.embedding && shape.width % shape.inputDim !== 0) {
    throw new PermafrostError(
      'config',
      `patch_size: a token of ${shape.width} values cannot be cut into pieces of ${shape.inputDim}.`,
    );
  }
  if (!shape.embedding && shape.width !== shape.inputDim && body.readout === 'class token') {
    throw new PermafrostError(
      'config',
      `patch_size: the answer needs the states of ${shape.width / shape.inputDim} tokens, but ${config.model_name} is read at one class token. Choose patch_size ${shape.width}.`,
    );
  }
  const tokens = shape.embedding ? shape.tokens : (shape.tokens * shape.width) / shape.inputDim;
  if (tokens > body.longest(bodyConfig)) {
    throw new PermafrostError(
      'config',
      `${config.task} makes ${tokens} tokens, but ${config.model_name} takes at most ${body.longest(bodyConfig)} (n_positions). ` +
        'Choose a larger patch_size, fewer patterns, or a body with more positions.',
    );
  }
  return modelOf({
    ...config,
    body,
    bodyConfig,
    inputDim: shape.inputDim,
    outputDim: shape.outputDim,
    embedding: shape.embedding,
    inLayerSizes: config.in_layer_sizes ?? [],
    outLayerSizes: config.out_layer_sizes ?? [],
    lastOnly: true,
    orthGain: config.orth_gain,
  });
}

/** The model of a complete description. */
export function modelOf(fpt: FptConfig): Model {
  const { body, bodyConfig } = fpt;
  const parameters = fptParameters(fpt);
  const blocks = blocksOf(Object.keys(body.parameters(bodyConfig)));
  return {
    parameters,
    bodyConfig,
    kept: (tokens) => keptByBlocks(blocks, body.width(bodyConfig), body.heads(bodyConfig), tokens),
    fromCheckpoint: (names) =>
      new Map([...body.fromCheckpoint(names)].map(([name, stored]) => [bodyPrefix + name, stored])),
    isTrainable: (name) => isTrainable(fpt, name),
    freezeFlag: (name) => freezeFlag(fpt, name),
    isUsed: (name) => isUsed(fpt, name),
    isLoaded: (name) => isLoaded(fpt, name),
    initialValue: (name, seed) => initialize(initializerOf(fpt, name), parameters[name], seed, name),
    forward: (p, x, noise, probe, at) => fptForward(fpt, p, x, noise, probe, at),
  };
}

/** Trainable and total parameters, counted from shapes alone. */
export function countParameters(model: Model): { trainable: number; total: number } {
  let [trainable, total] = [0, 0];
  for (const [name, shape] of Object.entries(model.parameters)) {
    const size = shape.reduce((a, b) => a * b, 1);
    total += size;
    if (model.isTrainable(name)) trainable += size;
  }
  return { trainable, total };
}
