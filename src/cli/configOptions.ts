/** Reads a config from a file, `--set key=value` and `--seed`. */
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
    .argument('[config]', 'JSON file {name, params, args} in the format of dl-project; optional with --set task=…')
    .option(
      '--set <key=value>',
      'set a field of the config; may be repeated. task=… also sets the published settings of the task',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--seed <n>', 'the same as --set seed=n');

/** The config that the arguments describe. A task in `--set` also sets its published settings. Throws `config`. */
export function readConfig(file: string | undefined, options: ConfigOptions, catalogue: Catalogue): ExperimentConfig {
  return complete(readSettings(file, options), options, catalogue);
}

/** {@link readConfig} for training: chooses a body on this machine, see {@link withReadyBody}. */
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

/** Only the settings that the arguments contain. Throws `config` if neither they nor `axes` name a task. */
export function readSettings(
  file: string | undefined,
  { set, seed }: ConfigOptions,
  axes: readonly Axis[] = [],
): Record<string, unknown> {
  const base = file === undefined ? {} : openConfig(parseFile(file));
  const settings = Object.fromEntries([...set, ...(seed === undefined ? [] : [`seed=${seed}`])].map(readSetting));
  if (file === undefined && !('task' in settings) && !axes.some(({ field }) => field === 'task'))
    throw new PermafrostError(
      'config',
      'Expected a config file or a task; found neither. Example: permafrost run --set task=mnist.',
    );
  return { ...base, ...settings };
}

/** Whether `--set` names the task. */
export const setsTask = ({ set }: ConfigOptions): boolean => set.some((setting) => setting.startsWith('task='));

/**
 * If the settings name no body and the default body is not on this machine, adds a body that is, and says so on standard error.
 * `varied` are the fields of a grid, which count as named.
 */
export function withReadyBody(
  settings: Record<string, unknown>,
  tasks: readonly string[],
  { bodies }: Pick<Catalogue, 'bodies'>,
  varied: readonly string[] = [],
): Record<string, unknown> {
  const { model_name: defaultBody } = configDefaults;
  const named = [...Object.keys(settings), ...varied];
  if (
    bodyFields.some((field) => named.includes(field)) ||
    bodies.some((body) => body.name === defaultBody && body.hasWeights)
  )
    return settings;
  const body = readyBody(bodies, tasks);
  if (!body) return settings;
  process.stderr.write(
    `Using the body ${body.name}, because ${defaultBody} is not on this machine. Fetch ${defaultBody} with permafrost zoo pull ${defaultBody}, or choose a body with --set model_name=….\n`,
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
