/** What a model is, and what is known of its architecture before there is one. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Noise, Tensors } from '#engine/program';
import type { StoredAs } from './checkpointNames.ts';

export type Shapes = Record<string, number[]>;
export type FreezeFlag = 'freeze_ln' | 'freeze_pos' | 'freeze_ff' | 'freeze_attn';
/** The field of a config that freezes a parameter: the body's own flags, and those of the networks around it. */
export type FreezeField = FreezeFlag | 'freeze_in' | 'freeze_out';
/** The distribution that a random parameter is drawn from; `normal` is a standard deviation, around 0 without a mean. */
export type Initializer =
  | { fill: number }
  | { normal: number; mean?: number }
  | { uniform: number }
  | { orthogonal: number };

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
  /** Where a checkpoint with these names has the body's parameters; it may lack some and have others. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
  /** Estimated number of values that training keeps for the backward pass of one sample of `tokens` tokens. */
  kept(tokens: number): number;
  /** Everything that decides the body's shapes and dropout. */
  bodyConfig: object;
  /** x as the task gives it → logits [b, 1, k], read at the last token or at token `at` [b] of each sample. Null noise: evaluation. */
  forward(p: Tensors, x: Tensor, noise: Noise | null, probe?: Probe, at?: Tensor): Tensor;
}

/** Observers of a forward pass. */
export interface Probe {
  /** Compute the last block for every token, as the others are, though only some are read. The answer is the same. */
  whole?: boolean;
  /** Hidden states, numbered as in the reference. */
  hidden?(index: number, state: Tensor): void;
  /** Attention weights [b, h, rows, t] of a block, after dropout. */
  attention?(index: number, weights: Tensor): void;
}

/** What a network's config alone decides. */
export interface Architecture<Config extends object> {
  title: string;
  /** Shapes by our names, in the order of the reference's parameters. */
  parameters(config: Config): Shapes;
  /** Parameters that a checkpoint has and the computation never reads. */
  unused: readonly string[];
  /** Parameters that are never taken from a checkpoint. */
  notLoaded: readonly string[];
  /** Width of the input embeddings and of the output states. */
  width(config: Config): number;
  /** Attention heads; they share the width evenly. */
  heads(config: Config): number;
  /** The longest sequence it takes. */
  longest(config: Config): number;
  /** The flag that freezes a parameter; null: frozen whenever the transformer is. */
  freezeFlag(name: string, config: Config): FreezeField | null;
  /** The network's parameters among the names of a checkpoint from any source; names that it has no use for are left out. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
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

/** Parts of parameter names with the flag that freezes them; the first part that a name contains decides. */
export type FreezeRules<Flag extends FreezeField = FreezeField> = readonly (readonly [part: string, flag: Flag])[];

/** The flag that freezes a parameter by the rules; null where none applies. */
export const flagOf = <Flag extends FreezeField>(rules: FreezeRules<Flag>, name: string): Flag | null =>
  rules.find(([part]) => name.includes(part))?.[1] ?? null;

/** Whether training moves a parameter with this flag. With `freeze_trans` off the body's own flags are ignored. */
export const isFree = (
  config: Pick<ExperimentConfig, FreezeField | 'freeze_trans'>,
  flag: FreezeField | null,
): boolean =>
  flag === 'freeze_in' || flag === 'freeze_out'
    ? !config[flag]
    : !config.freeze_trans || (flag !== null && !config[flag]);

/** Fields of an experiment that scale a body down. */
export const bodyOverrides = ['n_layer', 'n_embd', 'n_head', 'n_positions', 'initializer_range'] as const;
const layerFields = ['body_dropout', 'in_layer_sizes', 'out_layer_sizes', 'trained_attn_blocks'] as const;
type BodySetting = (typeof bodyOverrides)[number] | (typeof layerFields)[number];

/** Throws `config` for settings that a network would ignore. */
export function refuseSettings(config: ExperimentConfig, used: readonly BodySetting[]): void {
  for (const field of [...bodyOverrides, ...layerFields]) {
    const value = config[field];
    if (used.includes(field) || value === null || value === 0) continue; // no dropout is what it has
    throw new PermafrostError(
      'config',
      `${field}: ${config.model_name} ignores this setting; found ${JSON.stringify(value)}. Leave it empty.`,
    );
  }
}

/** Throws `config` unless the heads share the width evenly. */
export function requireWholeHeads(width: number, heads: number): void {
  if (width % heads !== 0)
    throw new PermafrostError('config', `n_embd ${width} must be a multiple of n_head ${heads}.`);
}
