/** Published tables: every number and every setting with its source. The data lie in resources/published. */
import type { ConfigField } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import { concerns, type KnownSettings } from '#contract/knownSettings';
import type { Cell, PaperTable } from '#contract/papers';
import settings from '../../resources/published/settings.json' with { type: 'json' };
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
    varies?: string[];
    cells: { id: string; resultIs?: string; params: object }[];
  }[];
}

/** A published table that nothing here can answer. */
export interface AbsentTable {
  title: string;
  why: string;
}
export const absentTables: readonly AbsentTable[] = (data as TableFile).absent;

/** How the settings of all cells are known. */
export const settingRows = settings.rows as KnownSettings[];

export const tables: readonly PaperTable[] = (data as TableFile).tables.map((table) => ({
  id: table.id,
  title: table.title,
  note: table.note ?? null,
  contrasts: (table.contrasts ?? []) as [string, string][],
  varies: (table.varies ?? []) as ConfigField[],
  settings: settingRows.filter((row) => table.cells.some(({ id }) => concerns(row, id))),
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
