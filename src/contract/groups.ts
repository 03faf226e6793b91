/** Groups runs that differ only in their seed, and computes the mean of each group with its 95 % interval. */
import type { ConfigField } from './config.ts';
import { neutralFields } from './decisiveFields.ts';
import type { MetricName, RunRow } from './runRow.ts';
import { type Interval, interval } from './statistics.ts';

/** Fields in which runs of one group may differ. */
export const sameGroup: ReadonlySet<ConfigField> = new Set([...neutralFields, 'seed']);

/** The numbers of a run that a group averages. */
export const metricColumns = ['value', 'best', 'recent', 'last'] as const;
export type MetricColumn = (typeof metricColumns)[number];

export interface Mean extends Interval {
  /** Number of averaged runs. */
  n: number;
}

export interface RunGroup {
  /** The config without the fields of {@link sameGroup}. */
  key: string;
  rows: RunRow[];
  means: Record<MetricColumn, Mean | null>;
}

/** A text that is equal for equal configs, regardless of the order of their fields. */
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

/** The mean of a metric over the runs that have it. Only the final evaluation has a standard error of its own. */
export function meanOf(rows: readonly RunRow[], column: MetricColumn): Mean | null {
  const samples = rows.flatMap((row) => {
    const value = row[column];
    return value === null ? [] : [{ value, standardError: column === 'value' ? (row.standardError ?? 0) : 0 }];
  });
  const found = interval(samples, rows[0]?.metric ?? null);
  return found && { ...found, n: samples.length };
}

/** The highest accuracy or the lowest error; null with fewer than two numbers. */
export function bestNumber(numbers: readonly (number | null)[], metric: MetricName): number | null {
  const found = numbers.filter((number) => number !== null);
  return found.length < 2 ? null : metric === 'mae' ? Math.min(...found) : Math.max(...found);
}

/**
 * `± 0.02`, or `(0.81 … 0.99)` if a bound of the metric makes the interval asymmetric; empty for an interval of width 0.
 * `text` formats a number.
 */
export function marginText({ mean, low, high }: Interval, text: (value: number) => string): string {
  const [below, above] = [mean - low, high - mean];
  const wider = Math.max(below, above);
  if (wider <= 0) return '';
  return Math.abs(above - below) <= wider / 10 ? `± ${text(wider)}` : `(${text(low)} … ${text(high)})`;
}
