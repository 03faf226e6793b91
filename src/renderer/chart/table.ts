/** A chart's numbers as rows, for its table and for CSV. Pure. */
import { csvLine } from '#formats/csv';
import type { ChartPoint } from '#pictures/chartPoint';
import { type ChartRange, measured, type Series } from './series.ts';

/** x, then the value of each series there or null. */
export type TableRow = readonly [x: number, ...values: (number | null)[]];

/** One row per x that any series has, in order. */
export function tableRows(series: readonly Series[], range: ChartRange | null): TableRow[] {
  const rows = new Map<number, (number | null)[]>();
  for (const [i, one] of series.entries()) {
    for (const { x, y } of measured(one) as readonly ChartPoint[]) {
      if (range && (x < range[0] || x > range[1])) continue;
      const row = rows.get(x) ?? series.map(() => null);
      row[i] = y;
      rows.set(x, row);
    }
  }
  return [...rows].sort(([a], [b]) => a - b).map(([x, values]) => [x, ...values]);
}

/** A header of labels, then the rows at full precision. */
export const tableCsv = (xLabel: string, series: readonly Series[], rows: readonly TableRow[]): string =>
  [[xLabel, ...series.map((s) => s.label)], ...rows].map(csvLine).join('');
