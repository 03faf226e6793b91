/** A transformer between an input and an output network. One file per body; the table is in `index.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import type { Noise, Tensors } from '#engine/program';
import type { Architecture, bodyOverrides, FreezeFlag, Initializer, Probe } from './model.ts';

/** Names of the body's parameters begin so in a whole model, in ours as in dl-project's and Hugging Face's. */
export const bodyPrefix = 'transformer.';

/** What an experiment may change about a body; null: as the checkpoint says. */
type BodyChanges = Pick<ExperimentConfig, (typeof bodyOverrides)[number] | 'body_dropout' | 'variant'>;

export interface Body<Config extends object> extends Architecture<Config> {
  /** How the body differs from that of published runs, apart from its size; null: not at all. */
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
