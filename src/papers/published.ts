/** Published tables: every number with its source. The data lie in resources/published. */
import { nearest, PermafrostError } from '#contract/errors';
import type { Cell, PaperTable } from '#contract/papers';
import data from '../../resources/published/tables.json' with { type: 'json' };

interface TableFile {
  absent: AbsentTable[];
  tables: {
    id: string;
    title: string;
    note?: string;
    resultIs: string;
    params: object;
    contrasts?: string[][];
    cells: { resultIs?: string; params: object }[];
  }[];
}

/** A published table that nothing here can answer. */
export interface AbsentTable {
  title: string;
  why: string;
}
export const absentTables: readonly AbsentTable[] = (data as TableFile).absent;

export const tables: readonly PaperTable[] = (data as TableFile).tables.map((table) => ({
  id: table.id,
  title: table.title,
  note: table.note ?? null,
  contrasts: (table.contrasts ?? []) as [string, string][],
  cells: table.cells.map(
    (cell) =>
      ({
        resultIs: table.resultIs,
        beyond: null,
        beside: [],
        ...cell,
        params: { ...table.params, ...cell.params },
      }) as object as Cell,
  ),
}));

/** The table of that id. Throws `notFound` naming the nearest one. */
export function tableOf(id: string): PaperTable {
  const table = tables.find((t) => t.id === id);
  if (table) return table;
  const ids = tables.map((t) => t.id);
  throw new PermafrostError(
    'notFound',
    `There is no table "${id}". Did you mean ${nearest(id, ids)}? Tables: ${ids.join(', ')}.`,
  );
}
