/** The default columns of the table of runs: those that differ between rows, as many as fit. Pure. */
import type { RunRow } from '#contract/runRow';
import { type Column, columnsOf, defaultColumns, groupColumns } from './columns.ts';

interface Table {
  /** The columns that the user has chosen; null: no choice. */
  chosen: readonly string[] | null;
  rows: readonly RunRow[];
  grouped: boolean;
  /** In pixels; 0 while it is unknown. */
  width: number;
}

export interface VisibleColumns {
  columns: Column[];
  /** Their ids, as the user may choose them. */
  ids: string[];
  /** Values that all rows share, shown as a text in place of columns. */
  common: string;
}

/** Shown even if all rows are equal. */
const constant: readonly string[] = ['name', 'state', 'value', 'n'];
/** The last column is the first to be hidden when there is no room. */
const importance = [...constant, 'seed', 'task', 'best', 'regime', 'model', 'recent', 'seconds', 'tags'];

export const checkboxWidth = 34;

export function visibleColumns({ chosen, rows, grouped, width }: Table): VisibleColumns {
  const arranged = (columns: Column[]) => (grouped ? groupColumns(columns) : columns);
  if (chosen) return { columns: arranged(columnsOf(chosen)), ids: [...chosen], common: '' };
  const all = columnsOf(defaultColumns);
  const shared = all.filter((column) => !constant.includes(column.id) && isShared(column, rows));
  const telling = all.filter((column) => !shared.includes(column));
  const columns = width > 0 ? fitting(arranged(telling), width) : arranged(telling);
  const isShown = ({ id }: Column) => columns.some((column) => column.id === id) || (grouped && id === 'seed');
  const words = shared.flatMap((column) => {
    const text = column.text(rows[0]);
    return text === '' ? [] : [`${column.label.toLowerCase()} ${shortened(text)}`];
  });
  return { columns, ids: telling.filter(isShown).map(({ id }) => id), common: words.join(', ') };
}

const longest = 40;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

const isShared = ({ text }: Column, rows: readonly RunRow[]): boolean =>
  rows.length > 1 && rows.every((row) => text(row) === text(rows[0]));

/** Drops the least important columns until the others fit. */
function fitting(columns: Column[], width: number): Column[] {
  const rank = ({ id }: Column) => importance.indexOf(id);
  const kept = [...columns].sort((a, b) => rank(a) - rank(b));
  while (kept.length > 1 && leastWidth(kept) > width) kept.pop();
  return columns.filter((column) => kept.includes(column));
}

/** Width of a line in pixels. */
export const leastWidth = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width: [least] }) => sum + least, checkboxWidth);
