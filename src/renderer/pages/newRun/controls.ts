/** Derives the control of each config field from its schema. Pure. */
import type { z } from 'zod';
import {
  type ConfigField,
  configDefaults,
  configFields,
  type FieldMeta,
  fieldMeta,
  fieldType,
  isWhole,
} from '#contract/config';
import { readDecimal, readWhole } from '#contract/numbers';

export type FieldControl = { optional: boolean; initial: unknown } & (
  | { kind: 'switch' | 'text' }
  | { kind: 'number'; whole: boolean; low: number | null; high: number | null }
  | { kind: 'choice'; choices: string[] }
  | { kind: 'sizes' }
);

/** The control of a field, by its type without defaults and nulls. */
export function controlOf(field: ConfigField): FieldControl {
  const { type, isOptional } = fieldType(field);
  const base = { optional: isOptional, initial: (configDefaults as Record<string, unknown>)[field] ?? null };
  switch (type.def.type) {
    case 'boolean':
      return { ...base, kind: 'switch' };
    case 'enum':
      return { ...base, kind: 'choice', choices: (type as z.ZodEnum).options.map(String) };
    case 'number': {
      const { minValue, maxValue } = type as z.ZodNumber;
      const limit = (value: number | null) => (value !== null && Math.abs(value) < 1e9 ? value : null);
      return { ...base, kind: 'number', whole: isWhole(field), low: limit(minValue), high: limit(maxValue) };
    }
    case 'array':
      return { ...base, kind: 'sizes' };
    default:
      return { ...base, kind: 'text' };
  }
}

/** Headings of the form, in order. */
export const formGroups: { group: FieldMeta['group']; title: string }[] = [
  { group: 'task', title: 'Task' },
  { group: 'model', title: 'Model' },
  { group: 'freezing', title: 'Freezing' },
  { group: 'training', title: 'Training' },
  { group: 'evaluation', title: 'Evaluation' },
  { group: 'run', title: 'Run' },
];

/** Fields of the task group that every task has. */
const always: ConfigField[] = ['task', 'variant'];

/** The fields of a group, without task fields that the chosen task does not read. */
export function fieldsOf(group: FieldMeta['group'], taskFields: readonly ConfigField[]): ConfigField[] {
  return configFields.filter(
    (field) =>
      fieldMeta(field).group === group && (group !== 'task' || always.includes(field) || taskFields.includes(field)),
  );
}

/** Parses a number input: a number, null if it is empty, else the text itself. */
export function readNumber(text: string, isWhole: boolean): number | string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return (isWhole ? readWhole : readDecimal)(trimmed) ?? trimmed;
}

/** Layer sizes as typed: `64, 32`. */
export function readSizes(text: string): (number | string)[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  return parts.length === 0 ? null : parts.map((part) => readNumber(part, true) ?? part);
}
