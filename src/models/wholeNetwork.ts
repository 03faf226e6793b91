/** Networks that read the samples of their task directly, without an input and an output network around them. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import type { Noise, Tensors } from '#engine/program';
import { sameNames } from './checkpointNames.ts';
import { initialize } from './initialize.ts';
import { keptByBlocks } from './memory.ts';
import {
  type Architecture,
  bodyOverrides,
  type FreezeRules,
  flagOf,
  type Initializer,
  isFree,
  type Model,
  type Probe,
  refuseSettings,
  requireWholeHeads,
  type Shapes,
  type TokenIndices,
} from './model.ts';

export interface WholeNetwork<Config extends object> extends Architecture<Config> {
  /** The only task of the network. */
  task: string;
  /** Builds the model of a config. The settings decide what is frozen. */
  model(config: Config, settings: ExperimentConfig): Model;
}

/** The fields that the config of every transformer has. */
export interface NetworkSizes {
  n_layer: number;
  n_embd: number;
  n_head: number;
  /** Dropout rate of attention weights and of values added to the residual stream. */
  dropout: number;
}

/** What one network adds to the behaviour that all whole networks share. */
interface NetworkPage<Config extends NetworkSizes>
  extends Pick<Architecture<Config>, 'title' | 'parameters' | 'longest'> {
  task: string;
  freezeRules: FreezeRules;
  initial(name: string, config: Config, shapes: Shapes): Initializer;
  /** Number of tokens in the network's blocks for a sample of `tokens` tokens. */
  blockTokens(config: Config, tokens: number): number;
  forward(p: Tensors, x: Tensor, config: Config, noise: Noise | null, probe?: Probe, indices?: TokenIndices): Tensor;
}

/** Makes a whole network whose checkpoints contain all of its parameters under their own names. */
export function wholeNetwork<Config extends NetworkSizes>({
  title,
  task,
  parameters,
  longest,
  freezeRules,
  initial,
  blockTokens,
  forward,
}: NetworkPage<Config>): WholeNetwork<Config> {
  const freezeFlag = (name: string) => flagOf(freezeRules, name);
  return {
    ...{ title, task, parameters, longest, freezeFlag },
    unused: [],
    notLoaded: [],
    width: ({ n_embd }) => n_embd,
    heads: ({ n_head }) => n_head,
    fromCheckpoint: sameNames,
    model(config, settings) {
      const shapes = parameters(config);
      const { n_layer, n_embd, n_head } = config;
      return {
        parameters: shapes,
        bodyConfig: config,
        isTrainable: (name) => isFree(settings, freezeFlag(name)),
        freezeFlag,
        isUsed: () => true,
        isLoaded: () => true,
        fromCheckpoint: sameNames,
        kept: (tokens) => keptByBlocks(n_layer, n_embd, n_head, blockTokens(config, tokens)),
        initialValue: (name, seed) => initialize(initial(name, config, shapes), shapes[name], seed, name),
        forward: (p, x, noise, probe, indices) => forward(p, x, config, noise, probe, indices),
      };
    },
  };
}

/** Applies a run's settings to the sizes of the published config. Throws `config` for settings that the network would ignore. */
export function resize<Config extends NetworkSizes>(published: Config, settings: ExperimentConfig): Config {
  const fields = bodyOverrides.filter((field) => field in published);
  refuseSettings(settings, [...fields, 'body_dropout']);
  const changes = fields.filter((field) => settings[field] !== null).map((field) => [field, settings[field]]);
  const config = { ...published, ...Object.fromEntries(changes), dropout: settings.body_dropout ?? published.dropout };
  requireWholeHeads(config.n_embd, config.n_head);
  return config;
}
