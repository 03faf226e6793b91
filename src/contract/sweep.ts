/** Sweeps: a config for every combination of values of some fields and every seed. Pure. */
import {
  type ConfigField,
  configDefaults,
  configFields,
  type ExperimentConfig,
  isConfigField,
  isWhole,
  parseConfig,
} from './config.ts';
import { nearest, PermafrostError } from './errors.ts';
import { readDecimal, readWhole } from './numbers.ts';
import { readValue } from './readSetting.ts';
import { type TaskDefaults, withPublishedSettings } from './startingSettings.ts';

export interface Axis {
  field: ConfigField;
  values: unknown[];
}
/** One value of each axis, with a config for each seed. */
export interface Combination {
  values: unknown[];
  configs: ExperimentConfig[];
}

/** Limits of the values of an axis and of the runs of a sweep. */
const most = { values: 1000, runs: 10_000 };

/** Examples of ranges, for error messages. */
const ranges = '0..4, 0..0.3:4 or 1e-5..1e-2:log:7';

/** Reads `field=values`, where values are a list `1,2,4` or a range of {@link readRange}. Throws `config`. */
export function readAxis(text: string): Axis {
  const at = text.indexOf('=');
  const [field, values] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || values === '') throw unreadable(text);
  if (field === 'seed') throw new PermafrostError('config', 'seed: set the number of seeds with --seeds instead.');
  if (!isConfigField(field)) {
    throw new PermafrostError('config', `${field}: unknown field. Did you mean ${nearest(field, configFields)}?`);
  }
  const range = readRange(values, isWhole(field));
  if (typeof range === 'string') throw new PermafrostError('config', `${field}: ${range}`);
  return { field, values: range ?? values.split(',').map((text) => readValue(field, text)) };
}

const unreadable = (text: string): PermafrostError =>
  new PermafrostError(
    'config',
    `--grid expects field=values, found "${text}". Examples: learning_rate=1e-5..1e-2:log:7, dropout=0..0.3:4, n_layer=1,2,4, n=2..5.`,
  );

/**
 * Reads a range: `0..4` counts, `0..0.3:4` takes equal steps, `1e-5..1e-2:log:7` equal ratios. Returns null for a text that is not a
 * range, and an error message for an invalid range. Values of a log range are rounded to three digits, so that a user can type them.
 */
export function readRange(text: string, isWhole = false): number[] | string | null {
  if (!text.includes('..')) return null;
  const match = /^([^.,:][^,:]*?)\.\.([^,:]+?)(?::(?:(log|lin):)?(\d+))?$/.exec(text);
  const [from, to] = [match?.[1], match?.[2]].map(
    (end) => (isWhole ? readWhole : readDecimal)(end ?? '') ?? Number.NaN,
  );
  const counts = match?.[4] === undefined && Number.isInteger(from) && Number.isInteger(to);
  const count = counts ? to - from + 1 : Number(match?.[4]);
  const isRange = match && Number.isFinite(from) && Number.isFinite(to) && count >= (counts ? 1 : 2);
  if (!isRange || count > most.values) return `A range is written as ${ranges}; found "${text}".`;
  const isLog = match[3] === 'log';
  if (isLog && (from <= 0 || to <= 0)) return `A log range needs positive ends, found ${from} and ${to}.`;
  return Array.from({ length: count }, (_, i) => {
    const share = count > 1 ? i / (count - 1) : 0;
    return isLog
      ? Number((from * (to / from) ** share).toPrecision(3))
      : Number((from + (to - from) * share).toPrecision(12));
  });
}

/**
 * The configs of a sweep. The first axis changes slowest; seeds count up from the seed of `base`. Empty fields take the published
 * settings of their task in `tasks`. Throws `config` for an invalid value.
 */
export function expandSweep(
  base: Record<string, unknown>,
  axes: readonly Axis[],
  seeds: number,
  tasks: readonly TaskDefaults[] = [],
): Combination[] {
  const { name: baseName, seed: firstSeed } = { ...configDefaults, ...base };
  const twice = axes.find(({ field }, i) => axes.slice(0, i).some((other) => other.field === field));
  if (twice) throw new PermafrostError('config', `${twice.field} is on two axes. Put its values on one.`);
  return combinationsOf(axes, seeds).map((settings) => {
    const values = axes.map(({ field }) => settings[field]);
    const name = [baseName, ...axes.map(({ field }, i) => `${field}=${values[i]}`)].join(' ');
    const configs = Array.from({ length: seeds }, (_, i) =>
      parseConfig(withPublishedSettings({ ...base, name, ...settings, seed: firstSeed + i }, tasks)),
    );
    return { values, configs };
  });
}

/** Every combination of the axes' values, the first axis slowest. Throws `config` for too many runs. */
export function combinationsOf(axes: readonly Axis[], seeds = 1): Record<string, unknown>[] {
  const runs = axes.reduce((product, { values }) => product * values.length, seeds);
  if (runs > most.runs)
    throw new PermafrostError(
      'config',
      `The sweep has ${runs} runs, more than ${most.runs}. Take fewer values or seeds.`,
    );
  let combinations: Record<string, unknown>[] = [{}];
  for (const { field, values } of axes)
    combinations = combinations.flatMap((settings) => values.map((value) => ({ ...settings, [field]: value })));
  return combinations;
}
