/** Sweeps: every combination of the values of some fields, each with several seeds, as configs. Pure. */
import { type ConfigField, configFields, type ExperimentConfig, parseConfig } from './config.ts';
import { nearest, PermafrostError } from './errors.ts';

export interface Axis {
  field: ConfigField;
  values: unknown[];
}
/** A combination of the axes' values, with a config per seed. */
export interface Point {
  values: unknown[];
  configs: ExperimentConfig[];
}

/** Most values of one axis, and most runs of one sweep. */
const most = { values: 1000, runs: 10_000 };

/**
 * Reads `field=values`: a list `1,2,4`, or a range `from..to:count` with even steps, or `from..to:log:count` with even ratios.
 * Values of a log range are rounded to three digits, so that they can be read and typed again. Throws `config`.
 */
export function readAxis(text: string): Axis {
  const at = text.indexOf('=');
  const [field, values] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || values === '') throw unreadable(text);
  if (field === 'seed') throw new PermafrostError('config', 'seed: say how many seeds with --seeds.');
  if (!configFields.includes(field as ConfigField)) {
    throw new PermafrostError(
      'config',
      `${field}: there is no such field. Did you mean ${nearest(field, configFields)}?`,
    );
  }
  return { field: field as ConfigField, values: range(values, text) ?? values.split(',').map(value) };
}

const unreadable = (text: string): PermafrostError =>
  new PermafrostError(
    'config',
    `--grid expects field=values, found "${text}". Examples: learning_rate=1e-5..1e-2:log:7, dropout=0..0.3:4, n_layer=1,2,4.`,
  );

function range(values: string, text: string): number[] | null {
  const match = /^([^.,:][^,:]*?)\.\.([^,:]+):(?:(log|lin):)?(\d+)$/.exec(values);
  if (!match) {
    if (values.includes('..')) throw unreadable(text);
    return null;
  }
  const [from, to, count] = [Number(match[1]), Number(match[2]), Number(match[4])];
  const isLog = match[3] === 'log';
  if (!Number.isFinite(from) || !Number.isFinite(to) || count < 2 || count > most.values) throw unreadable(text);
  if (isLog && (from <= 0 || to <= 0))
    throw new PermafrostError('config', `A log range needs positive ends, found ${from} and ${to} in "${text}".`);
  return Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1);
    return isLog
      ? Number((from * (to / from) ** share).toPrecision(3))
      : Number((from + (to - from) * share).toPrecision(12));
  });
}

/** JSON where it parses, text otherwise. */
function value(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The runs of a sweep, the first axis slowest, seeds from the config's own upwards. Throws `config` for a value that does not fit. */
export function expandSweep(base: ExperimentConfig, axes: readonly Axis[], seeds: number): Point[] {
  const twice = axes.find(({ field }, i) => axes.slice(0, i).some((other) => other.field === field));
  if (twice) throw new PermafrostError('config', `${twice.field} is on two axes. Put its values on one.`);
  const runs = axes.reduce((product, { values }) => product * values.length, seeds);
  if (runs > most.runs)
    throw new PermafrostError(
      'config',
      `The sweep has ${runs} runs, more than ${most.runs}. Take fewer values or seeds.`,
    );
  let combinations: unknown[][] = [[]];
  for (const { values } of axes) combinations = combinations.flatMap((list) => values.map((next) => [...list, next]));
  return combinations.map((values) => {
    const settings = Object.fromEntries(axes.map(({ field }, i) => [field, values[i]]));
    const name = [base.name, ...axes.map(({ field }, i) => `${field}=${values[i]}`)].join(' ');
    const configs = Array.from({ length: seeds }, (_, i) =>
      parseConfig({ ...base, name, ...settings, seed: base.seed + i }),
    );
    return { values, configs };
  });
}
