/** The published tables: the schema of resources/published/tables.json, and the types of a table and its cells. */
import { z } from 'zod';
import { configField, someSettings } from './config.ts';
import type { KnownSettings } from './knownSettings.ts';
import type { MetricName } from './runRow.ts';

/** The table that is shown and reproduced by default; every machine can train it in minutes. */
export const defaultTable = 'nano';

/** Seeds of a cell where neither the user nor the table says how many. */
export const usualSeeds = 3;

const text = z.string().min(1);
const count = z.int().min(1);

const published = z.strictObject({
  /** `steps` is the number of optimizer steps until a run reaches a threshold. */
  metric: z.enum(['accuracy', 'mae', 'steps']),
  value: z.number(),
  /** Standard deviation over runs, as printed. */
  spread: z.number().min(0).nullable(),
  runs: count.nullable(),
  source: text,
  /** read: in the source itself. second-hand: quoted by another text. */
  certainty: z.enum(['read', 'second-hand']),
  values: z.array(z.number()).optional(),
  /** Ids of the runs on wandb.ai/dl-project2/universal-computation-engine. */
  wandb: z.array(text).optional(),
  /** Iterations of each run. */
  iterations: z.array(count).optional(),
  /** Trainable and total parameters, as printed. */
  trainable: count.optional(),
  total: count.optional(),
  /** How the number was obtained, if that changes its meaning. */
  note: text.optional(),
});
/** A published number with its source. */
export type Published = z.infer<typeof published>;
/** A published score, with which our runs are compared. */
export type PublishedScore = Published & { metric: MetricName };

/** The published score of a cell; null if the cell counts steps or has no published number. */
export const publishedScore = ({ published }: Pick<Cell, 'published'>): PublishedScore | null =>
  published && published.metric !== 'steps' ? (published as PublishedScore) : null;

/**
 * final: final evaluation over 10,000 test samples. last100: mean of the last 100 test metrics. steps: the first step at
 * which an evaluation during training reaches the cell's threshold.
 */
const resultKind = z.enum(['final', 'last100', 'steps']);
export type ResultKind = z.infer<typeof resultKind>;

const cell = z.strictObject({
  /** `table/row/column` or `table/row`. */
  id: text,
  row: text,
  column: z.string(),
  /** The cell of another table that this one repeats; null if none. */
  like: text.nullable(),
  /** Settings of the published run that differ from the defaults. */
  params: someSettings,
  published: published.nullable(),
  resultIs: resultKind,
  /** The test metric that a run must reach; null unless the result is `steps`. */
  threshold: z.number().nullable(),
  /** Settings that the table sweeps, which no profile changes. */
  swept: z.array(configField),
  /** The cells of a sweep from which this cell takes the best; empty for a cell with its own runs. */
  bestOf: z.array(text),
  /** Results of others with these settings. */
  beside: z.array(published),
  /** Seeds that reproduce it, unless the user says how many. */
  seeds: count.max(100),
  /** The part of the cell that Permafrost cannot do; null if it can do everything. */
  beyond: text.nullable(),
});
export type Cell = z.infer<typeof cell>;

const table = z.strictObject({
  id: text,
  title: text,
  /** What the source leaves open, and what our runs do instead. */
  note: text.nullable(),
  /** Pairs of columns whose difference answers the table's question. */
  contrasts: z.array(z.tuple([text, text])),
  /** The settings that the table is about; only in these may the two columns of a contrast differ. */
  varies: z.array(configField),
  /** Whether the table asks if training more weights of a body improves its score. */
  comparesWeights: z.boolean(),
  cells: z.array(cell),
});
export interface PaperTable extends z.infer<typeof table> {
  /** How the settings of its cells are known. */
  settings: KnownSettings[];
}

/** A cell in the file. The fields that it omits come from its table, or else from the cell that it repeats. */
const ownCell = cell.partial().required({ id: true, row: true, column: true });
export type OwnCell = z.infer<typeof ownCell>;

const sweep = z.strictObject({ field: configField, values: z.array(z.number()).min(2) });
export type TableSweep = z.infer<typeof sweep>;

const tablesFile = z
  .strictObject({
    note: text,
    /** Published tables that Permafrost cannot reproduce. */
    absent: z.array(z.strictObject({ title: text, why: text })),
    tables: z.array(
      table
        .partial()
        .required({ id: true, title: true })
        .extend({
          resultIs: resultKind,
          params: someSettings,
          /** Expands every cell into one cell per value of this setting, and one that takes the best of them. */
          sweep: sweep.optional(),
          cells: z.array(ownCell).min(1),
        }),
    ),
  })
  .superRefine(({ tables }, context) => {
    const report = (message: string, ...path: PropertyKey[]) =>
      context.addIssue({ code: 'custom', path: ['tables', ...path], message });
    const all = tables.flatMap(({ cells }) => cells);
    const numbered = new Set(all.flatMap(({ id, like }) => (like === undefined ? id : [])));
    const seen = new Set<string>();
    for (const [i, { cells, contrasts = [], ...table }] of tables.entries()) {
      const columns = new Set(cells.map(({ column }) => column));
      const stray = contrasts.flat().find((column) => !columns.has(column));
      if (stray) report(`the table has no column "${stray}"`, i, 'contrasts');
      for (const [j, { id, like, published, threshold = null, resultIs = table.resultIs }] of cells.entries()) {
        const isSteps = [resultIs === 'steps', threshold !== null];
        if (published) isSteps.push(published.metric === 'steps');
        if (new Set(isSteps).size > 1)
          report(
            'a cell whose result is steps needs a threshold and a published number in steps, if any; other cells have neither',
            i,
            'cells',
            j,
          );
        if (seen.has(id)) report('another cell has this id', i, 'cells', j);
        seen.add(id);
        if (like === undefined && published === undefined) report('it has neither published nor like', i, 'cells', j);
        if (like && !numbered.has(like)) report(`"${like}" is not a cell with its own number`, i, 'cells', j, 'like');
      }
    }
  });
type TablesFile = z.infer<typeof tablesFile>;
/** A published table that Permafrost cannot reproduce. */
export type AbsentTable = TablesFile['absent'][number];

/** Reads the JSON of tables.json. Throws an internal error that names the table, the cell and the field. */
export function readTablesFile(json: unknown): TablesFile {
  const { data, error } = tablesFile.safeParse(json);
  if (data) return data;
  const [{ path, message }] = error.issues;
  throw new Error(`internal: tables.json, ${placeOf(path, json)}: ${message}.`);
}

/** `q1-fpt, cell q1-fpt/mnist, published.value` for the path of an issue. */
function placeOf(path: readonly PropertyKey[], json: unknown): string {
  const names: string[] = [];
  const fields: string[] = [];
  let value: unknown = json;
  for (const key of path) {
    value = Object(value)[key];
    const id = Object(value).id;
    if (typeof key === 'number' && typeof id === 'string')
      names.push(names.length === 0 ? `table ${id}` : `cell ${id}`);
    else if (key !== 'tables' && key !== 'cells') fields.push(String(key));
  }
  return [...names, ...(fields.length ? [fields.join('.')] : [])].join(', ');
}
