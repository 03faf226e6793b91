/** Published tables: every number with its source. The data lie in resources/published. */
import type { ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import data from '../../resources/published/tables.json' with { type: 'json' };

export interface Published {
  /** accuracy: higher is better. mae: mean absolute error, lower is better. */
  metric: 'accuracy' | 'mae';
  value: number;
  /** Standard deviation over runs, as printed. */
  spread: number | null;
  runs: number | null;
  values?: number[];
  /** Iterations of each run. */
  iterations?: number[];
  /** Trainable and total parameters as printed. */
  trainable?: number;
  total?: number;
  source: string;
  /** read: in the source itself. second-hand: as another text quotes it. */
  certainty: 'read' | 'second-hand';
  note?: string;
}

/** final: final evaluation over 10,000 test samples. last100: mean of the last 100 test metrics. */
export type ResultKind = 'final' | 'last100';

export interface Cell {
  /** `table/row/column` or `table/row`. */
  id: string;
  row: string;
  column: string;
  /** What the published run set; everything else is the default. */
  params: Partial<ExperimentConfig>;
  published: Published | null;
  resultIs: ResultKind;
}

export interface PaperTable {
  id: string;
  title: string;
  /** Pairs of columns whose difference answers the table's question. */
  contrasts: [string, string][];
  cells: Cell[];
}

interface TableFile {
  tables: {
    id: string;
    title: string;
    resultIs: string;
    params: object;
    contrasts?: string[][];
    cells: { resultIs?: string; params: object }[];
  }[];
}

export const tables: readonly PaperTable[] = (data as TableFile).tables.map((table) => ({
  id: table.id,
  title: table.title,
  contrasts: (table.contrasts ?? []) as [string, string][],
  cells: table.cells.map(
    (cell) => ({ resultIs: table.resultIs, ...cell, params: { ...table.params, ...cell.params } }) as Cell,
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
