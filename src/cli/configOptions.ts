/** A config from a file, `--set key=value` and `--seed`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Catalogue } from '#contract/catalogue';
import { configDefaults, type ExperimentConfig, parseConfig } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { readSetting } from '#contract/readSetting';
import { readyBody, withPublishedSettings } from '#contract/startingSettings';
import type { Axis } from '#contract/sweep';
import { readJson } from '#formats/json';

export interface ConfigOptions {
  set: string[];
  seed?: string;
}

/** Adds the argument and options that `readConfig` reads. */
export const takesConfig = (command: Command): Command =>
  command
    .argument('[config]', 'JSON file {name, params, args} as dl-project has them; may be left out with --set task=…')
    .option(
      '--set <key=value>',
      'set a field of the config; may be repeated. task=… brings the settings of the published runs',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--seed <n>', 'the same as --set seed=n');

/** The config that the arguments describe; a task in `--set` brings its published settings. Throws `config`. */
export function readConfig(file: string | undefined, options: ConfigOptions, catalogue: Catalogue): ExperimentConfig {
  return complete(readSettings(file, options), options, catalogue);
}

/** {@link readConfig} for training: the body is one that is on this machine, see {@link withReadyBody}. */
export function readTrainableConfig(
  file: string | undefined,
  options: ConfigOptions,
  catalogue: Catalogue,
): ExperimentConfig {
  const settings = readSettings(file, options);
  return complete(withReadyBody(settings, [String(settings.task)], catalogue), options, catalogue);
}

const complete = (settings: Record<string, unknown>, options: ConfigOptions, { tasks }: Catalogue): ExperimentConfig =>
  parseConfig(setsTask(options) ? withPublishedSettings(settings, tasks) : settings);

/** The settings in the arguments as they stand. Throws `config` if neither they nor `axes` name a task. */
export function readSettings(
  file: string | undefined,
  { set, seed }: ConfigOptions,
  axes: readonly Axis[] = [],
): Record<string, unknown> {
  const base = file === undefined ? {} : openConfig(parseFile(file));
  const settings = Object.fromEntries([...set, ...(seed === undefined ? [] : [`seed=${seed}`])].map(readSetting));
  if (file === undefined && !('task' in settings) && !axes.some(({ field }) => field === 'task'))
    throw new PermafrostError('config', 'Name a config file, or at least a task: permafrost run --set task=mnist.');
  return { ...base, ...settings };
}

/** Whether the task comes from `--set`, not from a file. */
export const setsTask = ({ set }: ConfigOptions): boolean => set.some((setting) => setting.startsWith('task='));

/**
 * Settings that leave the body open, on a body whose weights are on this machine; the default body is preferred. Says on
 * standard error which one it is. `varied` are fields of a grid.
 */
export function withReadyBody(
  settings: Record<string, unknown>,
  tasks: readonly string[],
  { bodies }: Pick<Catalogue, 'bodies'>,
  varied: readonly string[] = [],
): Record<string, unknown> {
  const { model_name: usual } = configDefaults;
  const named = [...Object.keys(settings), ...varied];
  if (
    bodyFields.some((field) => named.includes(field)) ||
    bodies.some((body) => body.name === usual && body.hasWeights)
  )
    return settings;
  const body = readyBody(bodies, tasks);
  if (!body) return settings;
  process.stderr.write(
    `${usual} is not on this machine, so this trains on ${body.name}. Fetch it with permafrost zoo pull ${usual}, or choose a body with --set model_name=….\n`,
  );
  return { ...settings, model_name: body.name };
}

const bodyFields = ['model_name', 'pretrained', 'n_layer', 'n_embd', 'n_head', 'n_positions'];

function parseFile(path: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new PermafrostError('config', `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  return readJson(bytes, path, 'config');
}
