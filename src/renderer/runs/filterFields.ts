/** The fields of a filter, a row each, and the parser of each type of field. Pure. */
import { type ConfigField, configFields, configSchema } from '#contract/config';
import { nearest } from '#contract/errors';
import { regimes } from '#contract/regime';
import { runStates } from '#contract/run';
import { type MetricName, type RunRow, settingOf } from '#contract/runRow';

export type Operator = ':' | '=' | '!=' | '<' | '<=' | '>' | '>=';
export type FieldValue = string | number | boolean | null | readonly string[];
type Test = (value: FieldValue) => boolean;

interface FieldType {
  /** A test of values, or an error text in which {field} stands for the field's name. */
  test(operator: Operator, word: string, values?: readonly string[]): Test | string;
}

export interface FilterField {
  type: FieldType;
  value(row: RunRow, now: number): FieldValue;
  help: string;
  /** All possible values. */
  values?: readonly string[];
}

const comparisons: Record<Operator, (a: number, b: number) => boolean> = {
  ':': (a, b) => a === b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const unordered = (operator: Operator): boolean => [':', '=', '!='].includes(operator);

/** `gpt2` matches exactly, `gpt2*` as a prefix; case does not matter. A list matches if one of its items does. */
const word: FieldType = {
  test(operator, word, values) {
    if (!unordered(operator)) return `{field} is a word and has no order; write {field}:${word}.`;
    if (values && !word.includes('*') && !values.some((v) => v.toLowerCase() === word.toLowerCase()))
      return `{field} is never ${word}. Did you mean ${nearest(word, values)}?`;
    const pattern = new RegExp(`^${word.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'is');
    const holds = (value: FieldValue): boolean =>
      Array.isArray(value) ? value.some((v) => pattern.test(v)) : value !== null && pattern.test(String(value));
    return operator === '!=' ? (value) => !holds(value) : holds;
  },
};

/** `:` finds the text anywhere, `=` compares the whole text. */
const prose: FieldType = {
  test(operator, text) {
    if (operator !== ':') return word.test(operator, text);
    return (value) =>
      String(value ?? '')
        .toLowerCase()
        .includes(text.toLowerCase());
  },
};

/** Divides, because 94 × 0.01 is not 0.94. */
const shares: Record<string, number> = { '': 1, '%': 100, k: 1 / 1e3, m: 1 / 1e6 };
/** A number, also as 97%, 10k or 1.5M. A run without a value never matches. */
const number: FieldType = {
  test(operator, word) {
    const match = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)([%km]?)$/i.exec(word);
    if (!match) return `{field} is a number; ${word} is none. Write for example {field}>0.5.`;
    return compared(operator, Number(match[1]) / shares[match[2].toLowerCase()]);
  },
};

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 7 * 86400 };
/** Seconds, also as 90s, 5m, 2h, 7d or 2w. */
const duration: FieldType = {
  test(operator, word) {
    const match = /^(\d+\.?\d*|\.\d+)([smhdw]?)$/i.exec(word);
    if (!match) return `{field} is a time; ${word} is none. Write for example {field}<2h (s, m, h, d, w).`;
    return compared(operator, Number(match[1]) * seconds[match[2].toLowerCase() || 's']);
  },
};

const compared =
  (operator: Operator, wanted: number): Test =>
  (value) =>
    typeof value === 'number' && comparisons[operator](value, wanted);

const metricOf =
  (name: MetricName) =>
  (row: RunRow): number | null =>
    row.metric === name ? (row.value ?? row.best) : null;

const own: Record<string, FilterField> = {
  state: { type: word, value: (row) => row.state, values: runStates, help: 'queued, running, paused, …' },
  task: { type: word, value: (row) => row.task, help: 'mnist, bit-xor, …' },
  model: { type: word, value: (row) => row.model, help: 'the body: gpt2, gpt2*, vit' },
  regime: { type: word, value: (row) => row.regime, values: Object.keys(regimes), help: 'FPT, FRT, URT or UPT' },
  tag: { type: word, value: (row) => row.tags, help: 'has the tag' },
  acc: {
    type: number,
    value: metricOf('accuracy'),
    help: 'final accuracy, or the best until the run ends: acc>0.97, acc>97%',
  },
  mae: { type: number, value: metricOf('mae'), help: 'final mean absolute error, or the best until the run ends' },
  final: { type: number, value: (row) => row.value, help: 'metric of the final evaluation' },
  best: { type: number, value: (row) => row.best, help: 'best test metric' },
  last: { type: number, value: (row) => row.last, help: 'test metric of the last evaluation' },
  recent: { type: number, value: (row) => row.recent, help: 'mean of the last 100 test metrics' },
  step: { type: number, value: (row) => row.step, help: 'optimizer steps done: step>10k' },
  duration: { type: duration, value: (row) => row.seconds, help: 'training time: duration>2h' },
  age: {
    type: duration,
    value: (row, now) => (now - row.createdAt) / 1000,
    help: 'time since the run was created: age<7d',
  },
  trainable: { type: number, value: (row) => row.trainable, help: 'trained parameters: trainable<1M' },
  params: { type: number, value: (row) => row.total, help: 'all parameters' },
  device: { type: prose, value: (row) => row.device ?? row.settings.device ?? null, help: 'where the run computes' },
  id: { type: word, value: (row) => row.id, help: 'id, or id:mnist-*' },
  name: { type: prose, value: (row) => row.name, help: 'part of the name' },
  note: { type: prose, value: (row) => row.note, help: 'part of the note' },
};

const typeOf = (field: ConfigField): FieldType =>
  [1, 0.5].some((value) => configSchema.shape[field].safeParse(value).success) ? number : word;

const configRows = Object.fromEntries(
  configFields
    .filter((field) => !Object.hasOwn(own, field))
    .map((field): [string, FilterField] => [
      field,
      { type: typeOf(field), value: (row) => settingOf(row, field), help: 'a field of the config' },
    ]),
);
const synonyms: Record<string, string> = { lr: 'learning_rate', accuracy: 'acc', steps: 'step', tags: 'tag' };

/** The field of that name; undefined when there is none. */
export function fieldOf(name: string): FilterField | undefined {
  const known = synonyms[name.toLowerCase()] ?? name.toLowerCase();
  return [own, configRows].find((table) => Object.hasOwn(table, known))?.[known];
}

export const fieldNames = (): string[] => [...Object.keys(own), ...Object.keys(configRows)];
/** Fields with their meaning, for the help under the box. */
export const fieldHelp = (): [name: string, help: string][] =>
  Object.entries(own).map(([name, { help }]) => [name, help]);
