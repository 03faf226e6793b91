/** A network that reads its task's samples itself: no input or output network stands around it. */
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
} from './model.ts';

export interface WholeNetwork<Config extends object> extends Architecture<Config> {
  /** The one task that it is for. */
  task: string;
  /** The model of a config that fits; the settings say what is frozen. */
  model(config: Config, settings: ExperimentConfig): Model;
}

/** The part of a config that every transformer has. */
export interface NetworkSizes {
  n_layer: number;
  n_embd: number;
  n_head: number;
  /** Of attention weights and of what enters the residual stream. */
  dropout: number;
}

/** What one network adds to the rules that all whole networks share. */
interface NetworkPage<Config extends NetworkSizes>
  extends Pick<Architecture<Config>, 'title' | 'parameters' | 'longest'> {
  task: string;
  freezeRules: FreezeRules;
  initial(name: string, config: Config, shapes: Shapes): Initializer;
  /** Tokens in its blocks for `tokens` of the task's. */
  blockTokens(config: Config, tokens: number): number;
  forward(p: Tensors, x: Tensor, config: Config, noise: Noise | null, probe?: Probe): Tensor;
}

/** A whole network whose checkpoints hold all of its parameters under their own names. */
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
        forward: (p, x, noise, probe) => forward(p, x, config, noise, probe),
      };
    },
  };
}

/** The published config with the sizes that a run's settings change. Throws `config` for settings that it has no field for. */
export function resize<Config extends NetworkSizes>(published: Config, settings: ExperimentConfig): Config {
  const fields = bodyOverrides.filter((field) => field in published);
  refuseSettings(settings, [...fields, 'body_dropout']);
  const changes = fields.filter((field) => settings[field] !== null).map((field) => [field, settings[field]]);
  const config = { ...published, ...Object.fromEntries(changes), dropout: settings.body_dropout ?? published.dropout };
  requireWholeHeads(config.n_embd, config.n_head);
  return config;
}
