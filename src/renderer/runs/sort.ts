/** Sorting by several columns: the first decides, the next among equals. Pure. */
import type { RunRow } from '#contract/runRow';
import { columnOf } from './columns.ts';
import type { FieldValue } from './filterFields.ts';

export interface SortKey {
  column: string;
  descending: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Negative if `a` comes first in ascending order. Missing values come last in both directions. */
export function compareValues(a: FieldValue, b: FieldValue, descending = false): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  return descending ? -order : order;
}

/** A sorted copy; equal items keep their order. */
export function sortBy<T>(
  items: readonly T[],
  keys: readonly SortKey[],
  value: (item: T, column: string) => FieldValue,
): T[] {
  if (keys.length === 0) return [...items];
  const decorated = items.map((item) => ({ item, values: keys.map(({ column }) => value(item, column)) }));
  decorated.sort((a, b) => {
    for (let i = 0; i < keys.length; i++) {
      const order = compareValues(a.values[i], b.values[i], keys[i].descending);
      if (order !== 0) return order;
    }
    return 0;
  });
  return decorated.map(({ item }) => item);
}

export const sortRows = (rows: readonly RunRow[], keys: readonly SortKey[]): RunRow[] =>
  sortBy(rows, keys, (row, column) => columnOf(column)?.value(row) ?? null);

/**
 * The sort keys after a click on a column's head: the column becomes the only key, or with `add` (shift) the last one.
 * A second click reverses the order; a third removes the key.
 */
export function pressed(keys: readonly SortKey[], column: string, numeric: boolean, add: boolean): SortKey[] {
  const old = keys.find((key) => key.column === column);
  const next = !old
    ? { column, descending: numeric }
    : old.descending === numeric
      ? { column, descending: !numeric }
      : null;
  if (!add) return next ? [next] : [];
  if (old) return keys.flatMap((key) => (key.column === column ? (next ? [next] : []) : [key]));
  return [...keys, next!];
}

/** `-value,name` and back, for the address. */
export const sortText = (keys: readonly SortKey[]): string =>
  keys.map(({ column, descending }) => `${descending ? '-' : ''}${column}`).join(',');
export const readSort = (text: string): SortKey[] =>
  text
    .split(',')
    .map((part) => ({ column: part.replace(/^-/, ''), descending: part.startsWith('-') }))
    .filter(({ column }) => columnOf(column));
