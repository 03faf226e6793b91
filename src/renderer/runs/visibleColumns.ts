/** Which columns the table of runs shows where the user has chosen none: those that tell rows apart, as many as fit. Pure. */
import type { RunRow } from '#contract/runRow';
import { type Column, columnsOf, defaultColumns, groupColumns } from './columns.ts';

interface Table {
  /** The columns that the user has chosen; null: none. */
  chosen: readonly string[] | null;
  rows: readonly RunRow[];
  grouped: boolean;
  /** In pixels; 0 where it is not known yet. */
  width: number;
}

export interface VisibleColumns {
  columns: Column[];
  /** Their ids, as the user may choose them. */
  ids: string[];
  /** What every row has in common, in place of a column each. */
  common: string;
}

/** Shown whatever they say. */
const constant: readonly string[] = ['name', 'state', 'value', 'n'];
/** What goes first where there is no room comes last. */
const importance = [...constant, 'seed', 'best', 'recent', 'task', 'model', 'regime', 'seconds', 'tags'];

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

/** Pixels that a line needs. */
export const leastWidth = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width: [least] }) => sum + least, checkboxWidth);
