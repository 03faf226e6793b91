/** Grids: several values for several fields, with a run for every combination. Pure. */
import type { Catalogue } from '#contract/catalogue';
import { type ConfigField, configFields, fieldMeta, isWhole } from '#contract/config';
import { readRange } from '#contract/sweep';
import { choose } from './choose.ts';
import { controlOf, readNumber, readSizes } from './controls.ts';
import type { Draft } from './draft.ts';

export interface GridAxis {
  field: ConfigField;
  /** The typed values: `0..4`, `1e-5..1e-2:log:7`, or a list with commas. */
  text: string;
}

/** Most runs of one grid. */
export const mostRuns = 1000;

/** Fields that a grid can vary; the name has no effect on a run. */
export const gridFields: ConfigField[] = configFields.filter((field) => field !== 'name');

/** The values of an axis; ranges as {@link readRange} has them. Layer sizes are separated by semicolons. */
export function axisValues(axis: GridAxis): unknown[] {
  const { kind } = controlOf(axis.field);
  const read: Record<typeof kind, (part: string) => unknown[]> = {
    number: (part) => {
      const range = readRange(part, isWhole(axis.field));
      return Array.isArray(range) ? range : [part === 'empty' ? null : readNumber(part, isWhole(axis.field))];
    },
    switch: (part) => [switchWords[part.toLowerCase()] ?? part],
    sizes: (part) => [part === 'empty' ? null : readSizes(part)],
    choice: (part) => [part],
    text: (part) => [part],
  };
  const values = partsOf(axis).flatMap(read[kind]);
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** The problem with the text of an axis as a whole; null if its values can be checked. */
export function axisProblem(axis: GridAxis): string | null {
  const parts = partsOf(axis);
  if (parts.length === 0) return `Write values as ${axisHint(axis.field)}.`;
  const isNumber = controlOf(axis.field).kind === 'number';
  return (
    (isNumber &&
      parts.map((part) => readRange(part, isWhole(axis.field))).find((range) => typeof range === 'string')) ||
    null
  );
}

function partsOf({ field, text }: GridAxis): string[] {
  const { kind } = controlOf(field);
  const parts = text.split(kind === 'sizes' ? ';' : ',').map((part) => part.trim());
  return parts.filter(Boolean).map((part) => (kind === 'number' ? part.replaceAll(' ', '') : part));
}

const switchWords: Record<string, boolean> = { on: true, true: true, yes: true, off: false, false: false, no: false };

/**
 * Every combination of the axes' values applied to a draft; the first axis varies slowest. A task or body also sets the fields that
 * its choice in the form sets, unless they are edited or on an axis.
 */
export function expandGrid(
  draft: Draft,
  axes: readonly GridAxis[],
  catalogue: Pick<Catalogue, 'tasks' | 'bodies'> = { tasks: [], bodies: [] },
  edited: readonly ConfigField[] = [],
): Draft[] {
  const kept = [...edited, ...axes.map(({ field }) => field)];
  let drafts = [draft];
  for (const [i, axis] of axes.entries()) {
    const values = axisValues(axis);
    if (values.length === 0) continue;
    const earlier = axes.slice(0, i).map(({ field }) => field);
    const chosen = (one: Draft, value: unknown): Draft => ({
      ...choose(one, axis.field, value, catalogue, kept),
      ...Object.fromEntries(earlier.map((field) => [field, one[field]])),
      [axis.field]: value,
    });
    drafts = drafts.slice(0, mostRuns + 1).flatMap((one) => values.map((value) => chosen(one, value)));
  }
  return drafts.slice(0, mostRuns + 1);
}

/** Shows how to write the values of a field's axis. */
export function axisHint(field: ConfigField): string {
  const control = controlOf(field);
  const empty = control.optional ? '; “empty” for none' : '';
  const hints: Record<typeof control.kind, string> = {
    number: `${control.kind === 'number' && control.whole ? '0..4' : '1e-5..1e-2:log:7'} or 1, 2, 8${empty}`,
    switch: 'on, off',
    sizes: `64, 32; 128${empty}`,
    choice: control.kind === 'choice' ? control.choices.join(', ') : '',
    text:
      field === 'task' || field === 'model_name'
        ? `names of a ${fieldMeta(field).label.toLowerCase()}, with commas`
        : '',
  };
  return hints[control.kind];
}
