/** What a transformer body is. One file per architecture; the table is in `index.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Noise, Tensors } from '#engine/program';
import type { Model } from './index.ts';

export type Shapes = Record<string, number[]>;
export type FreezeFlag = 'freeze_ln' | 'freeze_pos' | 'freeze_ff' | 'freeze_attn';
/** The field of a config that freezes a parameter: the body's own flags, and those of what is around it. */
export type FreezeField = FreezeFlag | 'freeze_in' | 'freeze_out';
/** How a random parameter starts. */
export type Initializer = { fill: number } | { normal: number } | { uniform: number } | { orthogonal: number };

/** Fields of an experiment that scale a body down. */
export const bodyOverrides = ['n_layer', 'n_embd', 'n_head', 'n_positions', 'initializer_range'] as const;

/** What an experiment may change about a body; null: as the checkpoint says. */
export type BodyChanges = Pick<ExperimentConfig, (typeof bodyOverrides)[number] | 'body_dropout' | 'variant'>;

/** Where a checkpoint has a parameter; `transposed`: as [in, out] where the parameter is [out, in]. */
export interface StoredAs {
  name: string;
  transposed?: true;
}

/** What is known of a network from its config alone, before there is a model. */
export interface Architecture<Config extends object> {
  title: string;
  /** Shapes by our names, in the order of the reference's parameters. */
  parameters(config: Config): Shapes;
  /** Parameters that a checkpoint has and the computation never reads. */
  unused: readonly string[];
  /** Parameters that are never taken from a checkpoint. */
  notLoaded: readonly string[];
  /** Width of the embeddings that go in and the states that come out. */
  width(config: Config): number;
  /** Attention heads; they share the width evenly. */
  heads(config: Config): number;
  /** The longest sequence it takes. */
  longest(config: Config): number;
  /** The flag that freezes a parameter; null: frozen whenever the transformer is. */
  freezeFlag(name: string, config: Config): FreezeField | null;
  /** The network's parameters among a checkpoint's names, whoever wrote it; what it has no use for is left out. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
}

/** A network that needs no input or output network around it. */
export interface Network<Config extends object> extends Architecture<Config> {
  /** The one task that it is for. */
  task: string;
  /** The model of a config that fits; the settings say what is frozen. */
  model(config: Config, settings: ExperimentConfig): Model;
}

/** A transformer between an input and an output network. */
export interface Body<Config extends object> extends Architecture<Config> {
  /** How the body differs from that of published runs, beside its size; null: not at all. */
  deviation(variant: ExperimentConfig['variant']): string | null;
  /** The config with an experiment's changes. */
  configure(config: Config, changes: BodyChanges): Config;
  freezeFlag(name: string, config: Config): FreezeFlag | null;
  initial(name: string, config: Config): Initializer;
  /** Where the answer is read: in the states of the last tokens, or in the one state of a class token. */
  readout: 'last tokens' | 'class token';
  /** embeds [t, b, d] → states [read, b, d] of the last `read` tokens, or [1, b, d] of the class token. Null noise: evaluation. */
  forward(p: Tensors, embeds: Tensor, config: Config, noise: Noise | null, read: number, probe?: Probe): Tensor;
}

/** What to look at on the way. */
export interface Probe {
  /** Compute the last block for every token, as the others are, though only some are read. The answer is the same. */
  whole?: boolean;
  /** Hidden states, as the reference numbers them. */
  hidden?(index: number, state: Tensor): void;
  /** Attention weights [b, h, rows, t] of a block, after dropout. */
  attention?(index: number, weights: Tensor): void;
}

/** The flag that freezes a parameter: that of the first part that its name contains; null without one. */
export const flagOf = <Flag extends FreezeField>(
  rules: readonly (readonly [part: string, flag: Flag])[],
  name: string,
): Flag | null => rules.find(([part]) => name.includes(part))?.[1] ?? null;

/** Whether training moves a parameter with this flag. With `freeze_trans` off the body's own flags are ignored. */
export const isFree = (
  config: Pick<ExperimentConfig, FreezeField | 'freeze_trans'>,
  flag: FreezeField | null,
): boolean =>
  flag === 'freeze_in' || flag === 'freeze_out'
    ? !config[flag]
    : !config.freeze_trans || (flag !== null && !config[flag]);

const layerFields = ['body_dropout', 'in_layer_sizes', 'out_layer_sizes'] as const;
type BodySetting = (typeof bodyOverrides)[number] | (typeof layerFields)[number];

/** Throws `config` for settings of a body that a network has no use for, so that nobody thinks they did something. */
export function refuseSettings(config: ExperimentConfig, used: readonly BodySetting[]): void {
  for (const field of [...bodyOverrides, ...layerFields]) {
    const value = config[field];
    if (used.includes(field) || value === null || value === 0) continue; // no dropout is what it has
    throw new PermafrostError(
      'config',
      `${field}: ${config.model_name} has nothing that it would set; found ${JSON.stringify(value)}. Leave it empty.`,
    );
  }
}
