/** The table of bodies, and a config's model. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import type { Noise, Tensors } from '#engine/program';
import type { Body, Shapes } from './body.ts';
import { type FptConfig, fptForward, fptParameters, initializerOf, isTrainable, isUsed } from './fpt.ts';
import { type Gpt2Config, gpt2, gpt2Configs } from './gpt2.ts';
import { initialize } from './initialize.ts';

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
  /** False for parameters that are counted but never computed with (GPT-2's wte). */
  isUsed(name: string): boolean;
  /** Starting value of a parameter that is not loaded: a function of the seed and the name. */
  initialValue(name: string, seed: number): Float32Array;
  /** Everything that decides the body's shapes and dropout. */
  bodyConfig: object;
  /** x as the task gives it → logits [b, 1, k], read at the last token or at token `at` [b] of each sample. Null noise: evaluation. */
  forward(p: Tensors, x: Tensor, noise: Noise | null, probe?: object, at?: Tensor): Tensor;
}

/** A body and its config by model_name. */
export const bodies: Record<string, { body: Body<Gpt2Config>; config: Gpt2Config }> = Object.fromEntries(
  Object.entries(gpt2Configs).map(([name, config]) => [name, { body: gpt2, config }]),
);

/** Fields of the config that scale a body down. */
export const bodyOverrides = ['n_layer', 'n_embd', 'n_head', 'n_positions', 'initializer_range'] as const;

/** Whether the config asks for a body of another size than the named checkpoint's. */
export const isScaled = (config: ExperimentConfig): boolean => bodyOverrides.some((field) => config[field] !== null);

function bodyOf(config: ExperimentConfig): { body: Body<Gpt2Config>; bodyConfig: Gpt2Config } {
  const entry = Object.hasOwn(bodies, config.model_name) ? bodies[config.model_name] : null;
  if (!entry) {
    throw new PermafrostError(
      'config',
      `model_name: there is no body "${config.model_name}". Did you mean ${nearest(config.model_name, Object.keys(bodies))}?`,
    );
  }
  if (config.pretrained && isScaled(config)) {
    const fields = bodyOverrides.filter((field) => config[field] !== null).join(', ');
    throw new PermafrostError(
      'config',
      `${fields}: pretrained weights of ${config.model_name} have their own size. Set pretrained to false or leave these fields empty.`,
    );
  }
  const bodyConfig = { ...entry.config };
  for (const field of bodyOverrides) bodyConfig[field] = config[field] ?? bodyConfig[field];
  if (config.body_dropout !== null) {
    for (const key of ['embd_pdrop', 'attn_pdrop', 'resid_pdrop'] as const) bodyConfig[key] = config.body_dropout;
  }
  if (bodyConfig.n_embd % bodyConfig.n_head !== 0) {
    throw new PermafrostError(
      'config',
      `n_embd ${bodyConfig.n_embd} must be a multiple of n_head ${bodyConfig.n_head}.`,
    );
  }
  return { body: entry.body, bodyConfig };
}

/** The model of a config on a task's shape. Throws `config` for an unknown body or sizes that do not fit; allocates nothing. */
export function buildModel(config: ExperimentConfig, shape: ModelShape): Model {
  const { body, bodyConfig } = bodyOf(config);
  if (!shape.embedding && shape.width % shape.inputDim !== 0) {
    throw new PermafrostError(
      'config',
      `patch_size: a token of ${shape.width} values cannot be cut into pieces of ${shape.inputDim}.`,
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
  const fpt: FptConfig<Gpt2Config> = {
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
  };
  return modelOf(fpt as FptConfig);
}

/** The model of a complete description. */
export function modelOf(fpt: FptConfig): Model {
  const parameters = fptParameters(fpt);
  return {
    parameters,
    bodyConfig: fpt.bodyConfig as object,
    isTrainable: (name) => isTrainable(fpt, name),
    isUsed: (name) => isUsed(fpt, name),
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
