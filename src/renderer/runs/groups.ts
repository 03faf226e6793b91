/** Runs of one config, whatever their seed, and their mean with its 95 % interval. Pure. */
import type { ConfigField } from '#contract/config';
import type { RunRow } from '#contract/runRow';
import { type Interval, interval } from '#contract/statistics';
import { columnOf, type MetricColumn, metricColumns } from './columns.ts';
import type { Value } from './filterFields.ts';
import { type SortKey, sortBy, sortRows } from './sort.ts';

/** What does not make another experiment: its name, its seed, and where it is computed. */
export const sameGroup: ReadonlySet<ConfigField> = new Set(['name', 'seed', 'device']);

export interface Mean extends Interval {
  /** Runs that it rests on. */
  n: number;
}

export interface RunGroup {
  /** The config without what {@link sameGroup} leaves out. */
  key: string;
  rows: RunRow[];
  means: Record<MetricColumn, Mean | null>;
}

/** The same text for the same config, whatever the order of its fields. */
export function groupKey({ settings }: Pick<RunRow, 'settings'>): string {
  const fields = Object.entries(settings).filter(([field]) => !sameGroup.has(field as ConfigField));
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Groups in the order of their first run. */
export function groupRuns(rows: readonly RunRow[]): RunGroup[] {
  const byKey = new Map<string, RunRow[]>();
  for (const row of rows) {
    const key = groupKey(row);
    const group = byKey.get(key);
    if (group) group.push(row);
    else byKey.set(key, [row]);
  }
  return [...byKey].map(([key, members]) => ({
    key,
    rows: members,
    means: Object.fromEntries(metricColumns.map((column) => [column, meanOf(members, column)])) as RunGroup['means'],
  }));
}

/** The mean of a metric over the runs that have it. Only the final evaluation knows its own noise. */
export function meanOf(rows: readonly RunRow[], column: MetricColumn): Mean | null {
  const samples = rows.flatMap((row) => {
    const value = row[column];
    return value === null ? [] : [{ value, standardError: column === 'value' ? (row.standardError ?? 0) : 0 }];
  });
  const found = interval(samples);
  return found && { ...found, n: samples.length };
}

/** Groups by their mean where there is one, by their first run elsewhere; the runs inside likewise. */
export function sortGroups(groups: readonly RunGroup[], keys: readonly SortKey[]): RunGroup[] {
  const value = (group: RunGroup, column: string): Value => {
    const means: Record<string, Mean | null> = group.means;
    return column in means ? (means[column]?.mean ?? null) : (columnOf(column)?.value(group.rows[0]) ?? null);
  };
  return sortBy(
    groups.map((group) => ({ ...group, rows: sortRows(group.rows, keys) })),
    keys,
    value,
  );
}

/** The names of a group's runs without what tells them apart at the end: `seed-1`, `#2`. */
export function groupTitle({ rows }: Pick<RunGroup, 'rows'>): string {
  const names = rows.map(({ name }) => name);
  let length = names[0].length;
  for (const name of names) while (!name.startsWith(names[0].slice(0, length))) length--;
  const shared = names[0].slice(0, length);
  const title = length === names[0].length ? shared : shared.replace(/[\s_\-·,]*(?:seed)?[\s_\-·#=:]*$/i, '');
  return title || `${rows[0].task} ${rows[0].regime}`;
}

/** A name for each group, told apart where titles are the same. */
export function groupLabels(groups: readonly RunGroup[]): string[] {
  return distinct(
    groups.map(groupTitle),
    (i) => `${groups[i].rows[0].task} ${groups[i].rows[0].regime}`,
    (i) => groups[i].rows[0].id,
  );
}

/** A name for each run, with its seed or its id where names are the same. */
export const runLabels = (rows: readonly RunRow[]): string[] =>
  distinct(
    rows.map(({ name }) => name),
    (i) => `seed ${rows[i].seed}`,
    (i) => rows[i].id,
  );

/** Adds the first of the given further words that tells equal names apart. */
function distinct(names: readonly string[], ...further: readonly ((index: number) => string)[]): string[] {
  const [next, ...rest] = further;
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (!next || counts.size === names.length) return [...names];
  return distinct(
    names.map((name, i) => (counts.get(name)! > 1 ? `${name} · ${next(i)}` : name)),
    ...rest,
  );
}
