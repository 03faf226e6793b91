/** What a transformer body is. One file per architecture; the table is in `index.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import type { Noise, Tensors } from '#engine/program';

export type Shapes = Record<string, number[]>;
export type FreezeFlag = 'freeze_ln' | 'freeze_pos' | 'freeze_ff' | 'freeze_attn';
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

export interface Body<Config extends object> {
  title: string;
  /** How the body differs from that of published runs, beside its size; null: not at all. */
  deviation(variant: ExperimentConfig['variant']): string | null;
  /** The config with an experiment's changes. */
  configure(config: Config, changes: BodyChanges): Config;
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
  /** The flag that freezes a parameter while the body is frozen; null: always frozen with it. */
  freezeFlag(name: string, config: Config): FreezeFlag | null;
  initial(name: string, config: Config): Initializer;
  /** The body's parameters among a checkpoint's names, whoever wrote it; heads and buffers are left out. */
  fromCheckpoint(names: readonly string[]): Map<string, StoredAs>;
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
