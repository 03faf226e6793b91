/** The tables of bodies and networks; builds the model of a config. */
import type { ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import { ast, astConfig, buildAst } from './ast.ts';
import type { Body } from './body.ts';
import { buildFpt } from './fpt.ts';
import { gpt2, gpt2Configs } from './gpt2.ts';
import { lstm, lstmConfigs } from './lstm.ts';
import { buildMat, mat, matConfig } from './mat.ts';
import { blocksOf } from './memory.ts';
import { bodyOverrides, type Model, type ModelShape, requireWholeHeads } from './model.ts';
import { buildNac } from './nac.ts';
import { vit, vitConfigs } from './vit.ts';
import type { WholeNetwork } from './wholeNetwork.ts';

/** An architecture and the config of one size of it. */
export interface ArchitectureRow<A = Body<object> | WholeNetwork<object>> {
  body: A;
  config: object;
}
export type BodyRow = ArchitectureRow<Body<object>>;
export type NetworkCard = ArchitectureRow<WholeNetwork<object>>;
/** Whether a row is a body rather than a whole network. */
export const isBody = (row: ArchitectureRow): row is BodyRow => !('task' in row.body);

const rowsOf = <Config extends object>(body: Body<Config>, configs: Record<string, Config>): [string, BodyRow][] =>
  Object.entries(configs).map(([name, config]) => [name, { body, config }]);

export type BodyTable = Readonly<Record<string, BodyRow>>;

/** The published bodies by model_name. A home may have more. */
export const bodies: BodyTable = Object.fromEntries([
  ...rowsOf(gpt2, gpt2Configs),
  ...rowsOf(vit, vitConfigs),
  ...rowsOf(lstm, lstmConfigs),
]);

/** Whether the config changes the size of the named checkpoint's body. */
export const isScaled = (config: ExperimentConfig): boolean => bodyOverrides.some((field) => config[field] !== null);

/** A network that needs no input and output network around it. */
interface NetworkRow {
  /** Throws `config` if task or settings do not fit the network. */
  build(config: ExperimentConfig, shape: ModelShape): Model;
  /** The network's entry in the model zoo; null for an alias, and for a network without sizes or published weights. */
  card: NetworkCard | null;
}

/** Networks by model_name. */
export const networks: Readonly<Record<string, NetworkRow>> = {
  nac: { build: buildNac, card: null },
  mat: { build: buildMat, card: { body: mat, config: matConfig } },
  ast: { build: buildAst, card: { body: ast, config: astConfig } },
  'MIT/ast-finetuned-speech-commands-v2': { build: buildAst, card: null },
};

/** Whether a model_name names a whole network instead of a body. */
export const isNetwork = (name: string): boolean => Object.hasOwn(networks, name);

/** How a config's body differs from that of the published runs, apart from its size; null if it does not. */
export const bodyDeviation = ({ variant, model_name }: ExperimentConfig, table: BodyTable = bodies): string | null =>
  Object.hasOwn(table, model_name) ? table[model_name].body.deviation(variant) : null;

interface ConfiguredBody {
  body: Body<object>;
  bodyConfig: object;
  /** Parameters of the checkpoint's later blocks, if the body keeps only the first ones. */
  leftOut: ReadonlySet<string>;
}

function bodyOf(config: ExperimentConfig, table: BodyTable): ConfiguredBody {
  const row = Object.hasOwn(table, config.model_name) ? table[config.model_name] : null;
  if (!row) {
    throw new PermafrostError(
      'config',
      `model_name: there is no model "${config.model_name}". Did you mean ${nearest(config.model_name, [...Object.keys(table), ...Object.keys(networks)])}? Other GPT-2 and ViT models can be added: permafrost zoo add.`,
    );
  }
  const { body } = row;
  const bodyConfig = body.configure(row.config, config);
  requireWholeHeads(body.width(bodyConfig), body.heads(bodyConfig));
  const [names, stored] = [bodyConfig, row.config].map((sizes) => Object.keys(body.parameters(sizes)));
  const blocks = blocksOf(names);
  if (config.pretrained && blocks > blocksOf(stored)) {
    throw new PermafrostError(
      'config',
      `n_layer ${blocks}: the pretrained ${config.model_name} has ${blocksOf(stored)} blocks. Choose fewer, or set pretrained to false.`,
    );
  }
  if (config.trained_attn_blocks !== null && config.trained_attn_blocks > blocks) {
    throw new PermafrostError(
      'config',
      `trained_attn_blocks ${config.trained_attn_blocks}: the body has ${blocks} blocks. Choose at most ${blocks}.`,
    );
  }
  return { body, bodyConfig, leftOut: new Set(stored.filter((name) => !names.includes(name))) };
}

/**
 * Builds the model of a config for the shape of a task. With num_iters 0 all of it is frozen, because it is only evaluated.
 * Throws `config` for an unknown model or sizes that do not fit. Allocates nothing.
 */
export function buildModel(config: ExperimentConfig, shape: ModelShape, table: BodyTable = bodies): Model {
  const { model_name: name } = config;
  const resized = bodyOverrides.filter((field) => config[field] !== null && (isNetwork(name) || field !== 'n_layer'));
  if (config.pretrained && resized.length > 0) {
    throw new PermafrostError(
      'config',
      `${resized.join(', ')}: pretrained weights of ${name} have their own size. Set pretrained to false or leave these fields empty.`,
    );
  }
  const model = isNetwork(name) ? networks[name].build(config, shape) : aroundBody(config, shape, table);
  return config.num_iters === 0 ? { ...model, isTrainable: () => false } : model;
}

/** Puts an input and an output network that fit the task around a body. */
function aroundBody(config: ExperimentConfig, shape: ModelShape, table: BodyTable): Model {
  const { body, bodyConfig, leftOut } = bodyOf(config, table);
  if (!shape.embedding && shape.width % shape.inputDim !== 0) {
    throw new PermafrostError(
      'config',
      `patch_size: a token of ${shape.width} values cannot be cut into pieces of ${shape.inputDim}.`,
    );
  }
  if (!shape.embedding && shape.width !== shape.inputDim && body.readout === 'class token') {
    throw new PermafrostError(
      'config',
      `patch_size: the task reads the states of ${shape.width / shape.inputDim} tokens, but ${config.model_name} has a single class token to read. Choose patch_size ${shape.width}.`,
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
  return buildFpt({
    ...config,
    body,
    bodyConfig,
    leftOut,
    inputDim: shape.inputDim,
    outputDim: shape.outputDim,
    embedding: shape.embedding,
    inLayerSizes: config.in_layer_sizes ?? [],
    outLayerSizes: config.out_layer_sizes ?? [],
    lastOnly: true,
    orthGain: config.orth_gain,
  });
}
