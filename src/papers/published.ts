/** Published tables: every number and every setting with its source. The data lie in resources/published. */
import type { ConfigField } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import { concerns, type KnownSettings } from '#contract/knownSettings';
import type { Cell, PaperTable } from '#contract/papers';
import known from '../../resources/published/settings.json' with { type: 'json' };
import data from '../../resources/published/tables.json' with { type: 'json' };

interface RawCell {
  id: string;
  row: string;
  column: string;
  like?: string;
  resultIs?: string;
  params?: object;
}
interface RawTable {
  id: string;
  title: string;
  note?: string;
  resultIs: string;
  params: object;
  contrasts?: string[][];
  varies?: string[];
  comparesWeights?: boolean;
  cells: RawCell[];
}
interface TableFile {
  absent: AbsentTable[];
  tables: RawTable[];
}

/** A published table that nothing here can answer. */
export interface AbsentTable {
  title: string;
  why: string;
}
export const absentTables: readonly AbsentTable[] = (data as TableFile).absent;

/** How the settings of all cells are known. */
export const settingRows = known.rows as KnownSettings[];

/** Cells by id, with what their tables say of all of theirs. */
const whole = new Map(
  (data as TableFile).tables.flatMap(({ cells, params, resultIs }) =>
    cells.map((cell) => [cell.id, { resultIs, ...cell, params: { ...params, ...cell.params } }]),
  ),
);

/** A cell with what its table says of it, or the cell that it repeats. */
function cellOf(own: RawCell): Cell {
  const { id, row, column } = own;
  const cell = own.like === undefined ? whole.get(id) : { ...whole.get(own.like), ...own };
  return { like: null, beyond: null, beside: [], ...cell, id, row, column } as object as Cell;
}

export const tables: readonly PaperTable[] = (data as TableFile).tables.map((table) => {
  const cells = table.cells.map(cellOf);
  let settings: KnownSettings[] | undefined;
  return {
    id: table.id,
    title: table.title,
    note: table.note ?? null,
    contrasts: (table.contrasts ?? []) as [string, string][],
    varies: (table.varies ?? []) as ConfigField[],
    comparesWeights: table.comparesWeights ?? false,
    // found when asked for: every command loads the tables, and few show their settings
    get settings() {
      settings ??= settingRows.filter((row) => cells.some((cell) => concerns(row, cell)));
      return settings;
    },
    cells,
  };
});

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
