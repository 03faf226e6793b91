/** The interface of a body: a transformer between an input and an output network. One file per body; the table is in `index.ts`. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import type { Noise, Tensors } from '#engine/program';
import type { Architecture, bodyOverrides, FreezeFlag, Initializer, Probe } from './model.ts';

/** Prefix of the body's parameters in a whole model, the same in dl-project and Hugging Face. */
export const bodyPrefix = 'transformer.';

/** The settings of an experiment that change a body; null keeps the checkpoint's value. */
type BodyChanges = Pick<ExperimentConfig, (typeof bodyOverrides)[number] | 'body_dropout' | 'variant'>;

export interface Body<Config extends object> extends Architecture<Config> {
  /** How the body differs from that of the published runs, apart from its size; null if it does not. */
  deviation(variant: ExperimentConfig['variant']): string | null;
  /** The config after the changes of an experiment. */
  configure(config: Config, changes: BodyChanges): Config;
  freezeFlag(name: string, config: Config): FreezeFlag | null;
  initial(name: string, config: Config): Initializer;
  /** The states that the output network reads: those of the last tokens, or that of the class token. */
  readout: 'last tokens' | 'class token';
  /** embeds [t, b, d] → states [read, b, d] of the last `read` tokens, or [1, b, d] of the class token. No dropout if `noise` is null. */
  forward(p: Tensors, embeds: Tensor, config: Config, noise: Noise | null, read: number, probe?: Probe): Tensor;
}
