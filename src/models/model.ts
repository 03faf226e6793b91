/** The interfaces of a model and of its architecture, and the rules that freeze parameters. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Noise, Tensors } from '#engine/program';
import type { StoredAs } from './checkpointNames.ts';

export type Shapes = Record<string, number[]>;
export type FreezeFlag = 'freeze_ln' | 'freeze_pos' | 'freeze_ff' | 'freeze_attn';
/** The field of a config that freezes a parameter: the body's own flags, and those of the networks around it. */
export type FreezeField = FreezeFlag | 'freeze_in' | 'freeze_out';
/** The distribution that a parameter's initial values are drawn from; `normal` is a standard deviation, and `mean` is 0 by default. */
export type Initializer =
  | { fill: number }
  | { normal: number; mean?: number }
  | { uniform: number }
  | { orthogonal: number };

/** The sizes of a task that a model depends on. */
export interface ModelShape {
  tokens: number;
  width: number;
  embedding: boolean;
  inputDim: number;
  outputDim: number;
  /** For samples of different lengths, the lengths that batches are padded to. */
  lengths?: readonly number[];
}

export interface Model {
  /** Shapes by name, in the order of the reference's model.parameters(). */
  parameters: Shapes;
  isTrainable(name: string): boolean;
  /** The field of a config that freezes a parameter; null if no field freezes it individually. */
  freezeFlag(name: string): FreezeField | null;
  /** False for parameters that count but that the model never computes with (GPT-2's wte). */
  isUsed(name: string): boolean;
  /** Whether the parameter is loaded from a checkpoint of the body. */
  isLoaded(name: string): boolean;
  /** Initial values of a parameter that is not loaded. They depend only on the seed and the name. */
  initialValue(name: string, seed: number): Float32Array;
  /** Finds the body's parameters among the names of a checkpoint, which may lack some of them and have others. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
  /** Estimated number of values that training keeps for the backward pass of one sample of `tokens` tokens. */
  kept(tokens: number): number;
  /** The settings that determine the body's shapes and dropout. */
  bodyConfig: object;
  /** x of the task → logits [b, 1, k]. No dropout if `noise` is null. */
  forward(p: Tensors, x: Tensor, noise: Noise | null, probe?: Probe, indices?: TokenIndices): Tensor;
}

/** Inputs beside x that say which tokens matter. */
export interface TokenIndices {
  /** The token that each sample is read at, [b]; without it, the last one. */
  at?: Tensor;
  /** The tokens outside of padding, [n], and some of the padding, as indices among all b·t; without it, all tokens are computed. */
  computed?: Tensor;
}

/** Observers of a forward pass. */
export interface Probe {
  /** Compute the last block for all tokens, even for those that nothing reads. The logits are the same. */
  whole?: boolean;
  /** Hidden states, numbered as in the reference. */
  hidden?(index: number, state: Tensor): void;
  /** Attention weights [b, h, rows, t] of a block, after dropout. */
  attention?(index: number, weights: Tensor): void;
}

/** The properties of a network that depend only on its config. */
export interface Architecture<Config extends object> {
  title: string;
  /** Shapes by our names, in the order of the reference's model.parameters(). */
  parameters(config: Config): Shapes;
  /** Parameters of a checkpoint that the model never computes with. */
  unused: readonly string[];
  /** Parameters that are never loaded from a checkpoint. */
  notLoaded: readonly string[];
  /** Width of the input embeddings and of the output states. */
  width(config: Config): number;
  /** Number of attention heads, which divides the width. */
  heads(config: Config): number;
  /** Most tokens of a sequence. */
  longest(config: Config): number;
  /** The flag that freezes a parameter; null if it is frozen whenever the transformer is. */
  freezeFlag(name: string, config: Config): FreezeField | null;
  /** Finds the network's parameters among the names of a checkpoint from any source. Other names are left out. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
}

/** Counts trainable and total parameters from shapes alone. */
export function countParameters(model: Model): { trainable: number; total: number } {
  let [trainable, total] = [0, 0];
  for (const [name, shape] of Object.entries(model.parameters)) {
    const size = shape.reduce((a, b) => a * b, 1);
    total += size;
    if (model.isTrainable(name)) trainable += size;
  }
  return { trainable, total };
}

/** Parts of parameter names with the flags that freeze them. The first part that a name contains decides. */
export type FreezeRules<Flag extends FreezeField = FreezeField> = readonly (readonly [part: string, flag: Flag])[];

/** The flag that freezes a parameter according to the rules; null if none applies. */
export const flagOf = <Flag extends FreezeField>(rules: FreezeRules<Flag>, name: string): Flag | null =>
  rules.find(([part]) => name.includes(part))?.[1] ?? null;

/** Whether a parameter with this flag is trained. Without `freeze_trans`, the flags of the body are ignored. */
export const isFree = (
  config: Pick<ExperimentConfig, FreezeField | 'freeze_trans'>,
  flag: FreezeField | null,
): boolean =>
  flag === 'freeze_in' || flag === 'freeze_out'
    ? !config[flag]
    : !config.freeze_trans || (flag !== null && !config[flag]);

/** Fields of a config that change the size of a body. */
export const bodyOverrides = ['n_layer', 'n_embd', 'n_head', 'n_positions', 'initializer_range'] as const;
const layerFields = ['body_dropout', 'in_layer_sizes', 'out_layer_sizes', 'trained_attn_blocks'] as const;
type BodySetting = (typeof bodyOverrides)[number] | (typeof layerFields)[number];

/** Throws `config` for settings of a body that a network would ignore; `used` lists those that it reads. */
export function refuseSettings(config: ExperimentConfig, used: readonly BodySetting[]): void {
  for (const field of [...bodyOverrides, ...layerFields]) {
    const value = config[field];
    if (used.includes(field) || value === null || value === 0) continue; // 0: these networks have no dropout anyway
    throw new PermafrostError(
      'config',
      `${field}: ${config.model_name} ignores this setting; found ${JSON.stringify(value)}. Leave it empty.`,
    );
  }
}

/** Throws `config` unless the number of heads divides the width. */
export function requireWholeHeads(width: number, heads: number): void {
  if (width % heads !== 0)
    throw new PermafrostError('config', `n_embd ${width} must be a multiple of n_head ${heads}.`);
}
