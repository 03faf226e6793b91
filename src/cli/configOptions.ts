/** Reads a config from a file, `--set key=value` and `--seed`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { BodyInfo, Catalogue, ConfigServices } from '#contract/catalogue';
import { type ConfigField, configDefaults, type ExperimentConfig, parseConfig } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { readSetting } from '#contract/readSetting';
import { withPublishedSettings } from '#contract/startingSettings';
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

/** {@link readConfig} for training: chooses a body that can learn the task, see {@link withReadyBody}. */
export function readTrainableConfig(
  file: string | undefined,
  options: ConfigOptions,
  config: ConfigServices,
): ExperimentConfig {
  const settings = readSettings(file, options);
  const tasks = setsTask(options) ? config.catalogue().tasks : [];
  return complete(
    withReadyBody(settings, [withPublishedSettings(settings, tasks)], config),
    options,
    config.catalogue(),
  );
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
 * Adds a body to settings that name none: the first that can learn all points, which are the settings completed by a task and a
 * grid. Bodies whose weights are on this machine come first. A named body without published weights gets random ones. Says
 * on standard error what it decides.
 */
export function withReadyBody(
  settings: Record<string, unknown>,
  points: readonly Record<string, unknown>[],
  { catalogue, problems }: ConfigServices,
): Record<string, unknown> {
  const { bodies } = catalogue();
  const isNamed = (field: ConfigField) => points.some((point) => field in point);
  if (isNamed('model_name')) return withPossibleWeights(settings, isNamed('pretrained'), bodies);
  const { model_name: usual } = configDefaults;
  const names = [usual, ...bodies.map(({ name }) => name)];
  const problemOf = (model_name: string): string | undefined =>
    Object.values(problems({ model_name }, Object.fromEntries(points.entries())))[0];
  const isReady = (name: string) => bodies.some((body) => body.name === name && body.hasWeights);
  const needsWeights = !bodyFields.some(isNamed);
  const ready = needsWeights ? names.filter(isReady) : [];
  const chosen = [...ready, ...names].find((name) => problemOf(name) === undefined);
  if (chosen === undefined || chosen === usual) return settings;
  const problem = problemOf(usual);
  process.stderr.write(
    problem
      ? `${problem}\nUsing the body ${chosen} instead. Choose another with --set model_name=….\n`
      : `Using the body ${chosen}, because ${usual} is not on this machine. Fetch ${usual} with permafrost zoo pull ${usual}, or choose a body with --set model_name=….\n`,
  );
  return { ...settings, model_name: chosen };
}

/** Fields that belong to a particular body; a user who sets one has chosen a body. */
const bodyFields: readonly ConfigField[] = ['pretrained', 'n_layer', 'n_embd', 'n_head', 'n_positions'];

function withPossibleWeights(
  settings: Record<string, unknown>,
  isDecided: boolean,
  bodies: readonly BodyInfo[],
): Record<string, unknown> {
  const body = bodies.find(({ name }) => name === settings.model_name);
  if (isDecided || !body || body.canBePretrained) return settings;
  process.stderr.write(`${body.name} has no published weights, so it starts from random ones.\n`);
  return { ...settings, pretrained: false };
}

function parseFile(path: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new PermafrostError('config', `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  return readJson(bytes, path, 'config');
}
