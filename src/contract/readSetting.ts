/** Reads typed values of config fields. */
import { fieldType, isConfigField, isWhole } from './config.ts';
import { PermafrostError } from './errors.ts';
import { numberHint, readDecimal, readWhole } from './numbers.ts';

interface Reading {
  expected: string;
  /** Reads a value; undefined if the text does not fit the type. */
  read(text: string): unknown;
}

const whole: Reading = { expected: 'a whole number in digits', read: (text) => readWhole(text) ?? undefined };
/** Text may be in quotes, as in JSON. */
const words: Reading = {
  expected: 'a text',
  read: (text) => (/^"([^"\\]|\\.)*"$/.test(text) ? jsonOf(text) : undefined) ?? text,
};
/** By zod type. */
const readings: Record<string, Reading> = {
  string: words,
  enum: words,
  boolean: { expected: 'true or false', read: (text) => ({ true: true, false: false })[text] },
  number: { expected: 'a number', read: (text) => readDecimal(text) ?? undefined },
  array: {
    expected: 'a list such as [64,32]',
    read: (text) => {
      const sizes = /^\[(.*)\]$/
        .exec(text)?.[1]
        .split(',')
        .map((size) => readWhole(size.trim()));
      return sizes?.every((size) => size !== null) ? sizes : text.replaceAll(' ', '') === '[]' ? [] : undefined;
    },
  },
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a typed value by the type of its field, so that a text field may hold digits. `none` and `null` mean an empty
 * optional field. Throws `config` for a text that does not fit the type.
 */
export function readValue(field: string, text: string): unknown {
  if (!isConfigField(field)) return text; // parseConfig reports the unknown field
  const { type, isOptional } = fieldType(field);
  if (isOptional && (text === 'none' || text === 'null')) return null;
  const { expected, read } = isWhole(field) ? whole : readings[type.def.type];
  const value = read(text);
  if (value !== undefined) return value;
  const empty = isOptional ? ', or none' : '';
  throw new PermafrostError('config', `${field}: expected ${expected}${empty}; found "${text}".${numberHint(text)}`);
}

/** Reads a `--set key=value` option of the command line. */
export function readSetting(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1)
    throw new PermafrostError('config', `--set expects key=value, found "${text}". Example: --set learning_rate=0.001`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  return [key, readValue(key, value)];
}
