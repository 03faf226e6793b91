/** Order and names of groups of runs. Pure. */

import type { ConfigField } from '#contract/config';
import { configDiff } from '#contract/configDiff';
import { neutralFields } from '#contract/decisiveFields';
import { type Mean, type RunGroup, sameGroup } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import { columnOf } from './columns.ts';
import type { FieldValue } from './filterFields.ts';
import { type SortKey, sortBy, sortRows } from './sort.ts';

/** Sorts groups by their mean, or by their first run where there is no mean, and the runs inside each group. */
export function sortGroups(groups: readonly RunGroup[], keys: readonly SortKey[]): RunGroup[] {
  const value = (group: RunGroup, column: string): FieldValue => {
    const means: Record<string, Mean | null> = group.means;
    return column in means ? (means[column]?.mean ?? null) : (columnOf(column)?.value(group.rows[0]) ?? null);
  };
  return sortBy(
    groups.map((group) => ({ ...group, rows: sortRows(group.rows, keys) })),
    keys,
    value,
  );
}

/** The common name of a group's runs, without endings such as `seed-1` or `#2`. */
export function groupTitle({ rows }: Pick<RunGroup, 'rows'>): string {
  const names = rows.map(({ name }) => name);
  let length = names[0].length;
  for (const name of names) while (!name.startsWith(names[0].slice(0, length))) length--;
  const shared = names[0].slice(0, length);
  const title = length === names[0].length ? shared : shared.replace(/[\s_\-·,]*(?:seed)?[\s_\-·#=:]*$/i, '');
  return title || `${rows[0].task} ${rows[0].regime}`;
}

/** A name for each group: its title, with the settings that differ where titles are equal. */
export const groupLabels = (groups: readonly RunGroup[]): string[] =>
  distinct(
    groups.map(groupTitle),
    groups.map(({ rows }) => rows[0]),
    sameGroup,
  );

/** A name for each run: its own, with the settings that differ where names are equal. */
export const runLabels = (rows: readonly RunRow[]): string[] =>
  distinct(
    rows.map(({ name }) => name),
    rows,
    neutralFields,
  );

/** Most fields added to a name. */
const mostFields = 3;

/** Adds to equal names the values of the fields that differ, and the id if names are still equal. */
function distinct(names: readonly string[], rows: readonly RunRow[], ignored: ReadonlySet<ConfigField>): string[] {
  const labels = [...names];
  for (const same of equals(names)) {
    const fields = configDiff(same.map((i) => rows[i])).filter(({ field }) => !ignored.has(field));
    for (const [k, i] of same.entries())
      for (const { field, values } of fields.slice(0, mostFields)) labels[i] += ` · ${field} ${values[k] ?? 'not set'}`;
  }
  for (const same of equals(labels)) for (const i of same) labels[i] += ` · ${rows[i].id}`;
  return labels;
}

/** Indices of each name that occurs more than once. */
function equals(names: readonly string[]): number[][] {
  const places = new Map<string, number[]>();
  for (const [i, name] of names.entries()) {
    const known = places.get(name);
    if (known) known.push(i);
    else places.set(name, [i]);
  }
  return [...places.values()].filter(({ length }) => length > 1);
}
