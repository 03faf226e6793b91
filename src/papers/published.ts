/** The published tables, with the source of every number and setting. The data are in resources/published. */
import { nearest, PermafrostError } from '#contract/errors';
import { concerns, type KnownSettings, readKnownSettings } from '#contract/knownSettings';
import {
  type AbsentTable,
  type Cell,
  type OwnCell,
  type PaperTable,
  readTablesFile,
  type TableSweep,
  usualSeeds,
} from '#contract/paperTable';
import known from '../../resources/published/settings.json' with { type: 'json' };
import data from '../../resources/published/tables.json' with { type: 'json' };

const file = readTablesFile(data);
export const absentTables: readonly AbsentTable[] = file.absent;

/** The sources of the settings of all cells. */
export const settingRows: readonly KnownSettings[] = readKnownSettings(known);

/** Cells by id, with the defaults of their tables. */
const ownCells = new Map(
  file.tables.flatMap(({ cells, params, resultIs }) =>
    cells.map((cell) => [cell.id, { resultIs, ...cell, params: { ...params, ...cell.params } }]),
  ),
);

/** A cell with the defaults of its table, or the content of the cell that it repeats. */
function cellOf(own: OwnCell): Cell {
  const cell = own.like ? { ...ownCells.get(own.like)!, ...own } : ownCells.get(own.id)!;
  const defaults = { like: null, threshold: null, swept: [], bestOf: [], beyond: null, beside: [], seeds: usualSeeds };
  return { ...defaults, ...cell, published: cell.published ?? null };
}

/** Expands a cell of a swept table: one cell for each value, then one that takes the best of them. */
function sweepCells(cell: Cell, { field, values }: TableSweep): Cell[] {
  const swept = [field];
  const tries = values.map(
    (value): Cell => ({
      ...{
        ...cell,
        id: `${cell.id}/${value}`,
        row: `${cell.row} ${value}`,
        params: { ...cell.params, [field]: value },
      },
      ...{ like: null, published: null, beside: [], swept },
    }),
  );
  return [...tries, { ...cell, row: `${cell.row}, best`, swept, bestOf: tries.map(({ id }) => id) }];
}

export const tables: readonly PaperTable[] = file.tables.map((table) => {
  const { sweep } = table;
  const cells = table.cells.map(cellOf).flatMap((cell) => (sweep ? sweepCells(cell, sweep) : cell));
  let settings: KnownSettings[] | undefined;
  return {
    id: table.id,
    title: table.title,
    note: table.note ?? null,
    contrasts: table.contrasts ?? [],
    varies: table.varies ?? [],
    comparesWeights: table.comparesWeights ?? false,
    // computed on demand, since every command loads the tables, but few commands need the settings
    get settings() {
      settings ??= settingRows.filter((row) => cells.some((cell) => concerns(row, cell)));
      return settings;
    },
    cells,
  };
});

/** Finds a table by its id. Throws `notFound` with the nearest id. */
export function tableOf(id: string): PaperTable {
  const table = tables.find((t) => t.id === id);
  if (table) return table;
  const ids = tables.map((t) => t.id);
  throw new PermafrostError(
    'notFound',
    `Unknown table "${id}". Did you mean ${nearest(id, ids)}? Tables: ${ids.join(', ')}.`,
  );
}
