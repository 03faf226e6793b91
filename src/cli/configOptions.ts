/** A config from a file, `--set key=value` and `--seed`. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { readSetting } from '#contract/readSetting';
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
      'set a field of the config; may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--seed <n>', 'the same as --set seed=n');

/** The config that the arguments describe. Throws `config`. */
export function readConfig(file: string | undefined, { set, seed }: ConfigOptions): ExperimentConfig {
  const base = file === undefined ? {} : openConfig(parseFile(file));
  const settings = Object.fromEntries([...set, ...(seed === undefined ? [] : [`seed=${seed}`])].map(readSetting));
  if (file === undefined && !('task' in settings)) {
    throw new PermafrostError(
      'config',
      'Name a config file, or at least a task: permafrost run --set task=mnist --set patch_size=4.',
    );
  }
  return parseConfig({ ...base, ...settings });
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
