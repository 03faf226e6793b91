/** Sweeps: every combination of the values of some fields, each with several seeds, as configs. Pure. */
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
/** A combination of the axes' values, with a config per seed. */
export interface Combination {
  values: unknown[];
  configs: ExperimentConfig[];
}

/** Most values of one axis, and most runs of one sweep. */
const most = { values: 1000, runs: 10_000 };

/** How a range is written. */
const ranges = '0..4, 0..0.3:4 or 1e-5..1e-2:log:7';

/** Reads `field=values`: a list `1,2,4`, or a range as {@link readRange} has it. Throws `config`. */
export function readAxis(text: string): Axis {
  const at = text.indexOf('=');
  const [field, values] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || values === '') throw unreadable(text);
  if (field === 'seed') throw new PermafrostError('config', 'seed: say how many seeds with --seeds.');
  if (!isConfigField(field)) {
    throw new PermafrostError(
      'config',
      `${field}: there is no such field. Did you mean ${nearest(field, configFields)}?`,
    );
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
 * Reads a range: `0..4` counts, `0..0.3:4` has even steps, `1e-5..1e-2:log:7` even ratios. Returns null for a text that is no
 * range, and a message for a wrong one. Values of a log range are rounded to three digits, so that they can be typed again.
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
 * The runs of a sweep over settings, the first axis slowest, seeds from the settings' own upwards. Fields left open start from
 * the published settings of their task in `tasks`. Throws `config` for a value that does not fit.
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
