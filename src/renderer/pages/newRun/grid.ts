/** Grids: several values of several fields, every combination a run. Pure. */
import { type ConfigField, configFields, fieldMeta } from '#contract/config';
import { controlOf, readNumber, readSizes } from './controls.ts';
import type { Draft } from './draft.ts';

export interface Axis {
  field: ConfigField;
  /** Values as typed: `0..4`, or separated by commas. */
  text: string;
}

/** Most runs that one grid makes. */
export const mostRuns = 1000;

/** Fields that a grid can vary; a name decides nothing. */
export const gridFields: ConfigField[] = configFields.filter((field) => field !== 'name');

/** The values of an axis. `a..b` counts from a to b. Layer sizes are separated by semicolons. */
export function axisValues({ field, text }: Axis): unknown[] {
  const { kind } = controlOf(field);
  const parts = text
    .split(kind === 'sizes' ? ';' : ',')
    .map((part) => part.trim())
    .filter(Boolean);
  const read: Record<typeof kind, (part: string) => unknown[]> = {
    number: (part) => counted(part) ?? [part === 'empty' ? null : readNumber(part)],
    switch: (part) => [switchWords[part.toLowerCase()] ?? part],
    sizes: (part) => [part === 'empty' ? null : readSizes(part)],
    choice: (part) => [part],
    text: (part) => [part],
  };
  return [...new Map(parts.flatMap(read[kind]).map((value) => [JSON.stringify(value), value])).values()];
}

const switchWords: Record<string, boolean> = { on: true, true: true, yes: true, off: false, false: false, no: false };

function counted(part: string): number[] | null {
  const match = /^(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(part);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return Array.from({ length: Math.min(mostRuns + 1, Math.max(0, to - from + 1)) }, (_, i) => from + i);
}

/** Every combination of the axes' values on top of a draft; the first axis varies slowest. */
export function expandGrid(draft: Draft, axes: readonly Axis[]): Draft[] {
  let drafts = [draft];
  for (const axis of axes) {
    const values = axisValues(axis);
    if (values.length === 0) continue;
    drafts = drafts.slice(0, mostRuns + 1).flatMap((one) => values.map((value) => ({ ...one, [axis.field]: value })));
  }
  return drafts.slice(0, mostRuns + 1);
}

/** How to write the values of a field's axis. */
export function axisHint(field: ConfigField): string {
  const control = controlOf(field);
  const empty = control.optional ? '; “empty” for none' : '';
  const hints: Record<typeof control.kind, string> = {
    number: `0..4 or 1, 2, 8${empty}`,
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
