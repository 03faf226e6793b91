/** Configs as the commands that train them. Pure. */
import type { LauncherName } from '#contract/cluster';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import { settingsOf } from '#contract/runRow';
import { axisValues, type GridAxis } from './grid.ts';

const program = 'npm run -s permafrost --';

/** One line for a POSIX shell, with the fields that differ from their defaults. */
export const commandOf = (config: ExperimentConfig, launcher: LauncherName = 'local'): string =>
  [`${program} run`, ...settings(config, []), ...on(launcher)].join(' ');

const on = (launcher: LauncherName): string[] => (launcher === 'local' ? [] : [`--on ${launcher}`]);

const settings = (config: ExperimentConfig, without: readonly ConfigField[]): string[] =>
  Object.entries(settingsOf(config))
    .filter(([field]) => !without.includes(field as ConfigField))
    .map(([field, value]) => `--set ${quoted(`${field}=${written(value)}`)}`);

/** The configs of a grid as one sweep command, or, if a sweep cannot express them, as one run command per line. */
export function gridCommand(
  configs: readonly ExperimentConfig[],
  axes: readonly GridAxis[],
  launcher: LauncherName = 'local',
): string {
  const [first] = configs;
  const own = axes.filter((axis) => axis.field !== 'seed' && axisValues(axis).length > 0);
  const values = own.map((axis) => axisValues(axis).map(written));
  const seeds = axes.filter(({ field }) => field === 'seed').flatMap(axisValues) as number[];
  const isSweep =
    own.length + seeds.length > 0 &&
    seeds.every((seed, i) => seed === seeds[0] + i) && // counted up
    values.flat().every((value) => !/,|\.\./.test(value)); // else the command would read it as several values
  if (!isSweep) return configs.map((config) => commandOf(config, launcher)).join('\n');
  const fields = own.map(({ field }) => field);
  const grid = fields.map((field, i) => `--grid ${quoted(`${field}=${values[i].join(',')}`)}`);
  return [
    `${program} sweep`,
    ...settings(first, fields),
    ...grid,
    `--seeds ${seeds.length || 1}`,
    ...on(launcher),
  ].join(' ');
}

/** A value as the command line parses it: text that looks like JSON stays text. */
function written(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  try {
    JSON.parse(value);
    return JSON.stringify(value);
  } catch {
    return value;
  }
}

export const quoted = (text: string): string =>
  /^[\w.=/@:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
