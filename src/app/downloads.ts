/** Files that are made while they are read, for the window, the server and the command line. */
import { z } from 'zod';
import type { ModelFormat } from '#contract/analysis';
import { configFile } from '#contract/configFile';
import { nearest, PermafrostError } from '#contract/errors';
import type { Run } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { Download, Services } from '#contract/services';
import { defaultTolerance, profiles, type TableState, toleranceSchema } from '#contract/tableState';
import { metricsCsv, runsCsv } from '#export/csv';
import type { Document } from '#export/document';
import { pieces } from '#export/file';
import { latex } from '#export/latex';
import { markdown } from '#export/markdown';
import { meansCsv, meansDocument } from '#export/means';
import { resultRunsCsv, resultsCsv, tableDocument } from '#export/tables';
import { writeZip, type ZipFile } from '#formats/writeZip';
import { tableOf } from '#papers/published';
import { forestPlotSvg } from '#pictures/forestPlot';
import { pointsOfCurve, testCurvesOf } from '#pictures/stepCurves';
import { exportedChunks } from './analysis.ts';
import { makeBundle } from './makeBundle.ts';

type App = Pick<Services, 'home' | 'runs' | 'tables' | 'analysis'>;

/** The contents of a file: runs, and the table that they belong to, if one was requested. */
export interface Chosen {
  runs: Run[];
  state: TableState | null;
}

interface DownloadRow {
  type: string;
  of: 'runs' | 'one run' | 'a table';
  chunks(app: App, chosen: Chosen): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
}

const csv = 'text/csv; charset=utf-8';
const today = (): string => new Date().toISOString().slice(0, 10);

/** Markup languages of documents, by file extension. */
const markups: Record<'md' | 'tex', { type: string; write(document: Document): string }> = {
  md: { type: 'text/markdown; charset=utf-8', write: markdown },
  tex: { type: 'application/x-tex; charset=utf-8', write: latex },
};

const tableAs = (markup: keyof typeof markups): DownloadRow => ({
  type: markups[markup].type,
  of: 'a table',
  chunks: (_, { state }) => [markups[markup].write(tableDocument(state!, today()))],
});

const meansAs = (markup: keyof typeof markups): DownloadRow => ({
  type: markups[markup].type,
  of: 'runs',
  chunks: (app, { runs }) => [markups[markup].write(meansDocument(rowsOf(app, runs), today()))],
});

/** The rows of runs, in their order. */
function rowsOf(app: App, runs: readonly Run[]): RunRow[] {
  const rows = new Map(app.runs.list(runs.map(({ id }) => id)).map((row) => [row.id, row]));
  return runs.map(({ id }) => rows.get(id)!);
}

/** A folder with an event file for each run that has started. */
async function* eventFiles(app: App, runs: readonly Run[]): AsyncGenerator<ZipFile> {
  const { eventFile, eventFileName } = await import('#export/tensorboard'); // only this needs protobufjs
  for (const { id, startedAt } of runs) {
    if (startedAt === null) continue;
    const chunks = eventFile({ rows: app.runs.metrics(id), startedAt, clock: app.runs.clock(id) });
    yield { name: `${id}/${eventFileName(startedAt)}`, chunks };
  }
}

const network = (format: ModelFormat): DownloadRow => ({
  type: 'application/octet-stream',
  of: 'one run',
  chunks: ({ analysis }, { runs: [{ id }] }) => exportedChunks(analysis, id, format),
});

const rows: Record<string, DownloadRow> = {
  'runs.csv': {
    type: csv,
    of: 'runs',
    chunks: (app, { runs, state }) => pieces(state ? resultRunsCsv(state, app.runs.get) : runsCsv(runs)),
  },
  'metrics.csv': {
    type: csv,
    of: 'runs',
    chunks: (app, { runs }) => pieces(metricsCsv(runs.map(({ id }) => ({ id, rows: app.runs.metrics(id) })))),
  },
  'means.csv': { type: csv, of: 'runs', chunks: (app, { runs }) => pieces(meansCsv(rowsOf(app, runs))) },
  'means.md': meansAs('md'),
  'means.tex': meansAs('tex'),
  'config.json': {
    type: 'application/json',
    of: 'one run',
    chunks: (_, { runs: [run] }) => [`${JSON.stringify(configFile(run.config), null, 2)}\n`],
  },
  'bundle.zip': {
    type: 'application/zip',
    of: 'runs',
    chunks: (app, chosen) => makeBundle(app.home, chosen, today()),
  },
  'tensorboard.zip': {
    type: 'application/zip',
    of: 'runs',
    chunks: (app, { runs }) => writeZip(eventFiles(app, runs)),
  },
  'model.onnx': network('onnx'),
  'model.safetensors': network('safetensors'),
  'table.csv': { type: csv, of: 'a table', chunks: (_, { state }) => pieces(resultsCsv(state!)) },
  'table.md': tableAs('md'),
  'table.tex': tableAs('tex'),
  'table.svg': {
    type: 'image/svg+xml',
    of: 'a table',
    chunks: ({ runs }, { state }) => {
      const curves = testCurvesOf(state!, (id) => runs.series(id, 'test_metric', pointsOfCurve));
      return [forestPlotSvg(state!, curves, today()).svg];
    },
  },
};

export const downloadNames = Object.keys(rows);

/**
 * `?id=…&id=…` selects runs, `?table=…&profile=…` the runs of a table; neither selects all runs. For a table, `accuracy` and `mae`
 * set the tolerance, and `threshold` replaces the threshold of cells that count steps.
 */
const query = z.object({
  id: z.array(z.string().min(1).max(100)).max(10_000, 'a file can hold at most 10,000 selected runs'),
  table: z.string().min(1).max(200).nullable(),
  profile: z.enum(profiles),
  tolerance: toleranceSchema,
});

function readQuery(search: URLSearchParams): z.infer<typeof query> {
  const read = query.safeParse({
    id: search.getAll('id'),
    table: search.get('table'),
    profile: search.get('profile') ?? 'quick',
    tolerance: {
      accuracy: Number(search.get('accuracy') ?? defaultTolerance.accuracy),
      mae: Number(search.get('mae') ?? defaultTolerance.mae),
      ...(search.has('threshold') ? { threshold: Number(search.get('threshold')) } : {}),
    },
  });
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw new PermafrostError('config', `${path.join('.')} of a download: ${message}.`);
}

/** The file behind `/download/NAME?…`. Throws `notFound`, and `config` for a query that does not fit NAME. */
export function downloadOf(app: App, path: string): Download {
  const { pathname, searchParams } = new URL(path, 'http://permafrost');
  const name = pathname.replace(/^\/download\//, '');
  const names = Object.keys(rows);
  if (!Object.hasOwn(rows, name)) {
    const list = names.join(', ');
    throw new PermafrostError(
      'notFound',
      `Unknown download ${pathname.slice(0, 200)}. Did you mean ${nearest(name, names)}? Available: ${list}.`,
    );
  }
  const { type, of, chunks } = rows[name];
  const { id: ids, table, profile, tolerance } = readQuery(searchParams);
  if (of === 'a table' && table === null)
    throw new PermafrostError(
      'config',
      `${name} needs the id of a table; found none. Name the table: --table ID, or table=ID in an address.`,
    );
  if (of === 'one run' && ids.length !== 1)
    throw new PermafrostError('config', `${name} needs the id of exactly one run; found ${ids.length}.`);
  if (table !== null) tableOf(table);
  const named = ids.map(app.runs.get);

  async function* made() {
    const state = table === null ? null : await app.tables.state(table, profile, tolerance);
    const runs = state ? runsOf(state).map(app.runs.get) : ids.length ? named : app.runs.getAll();
    yield* chunks(app, { runs, state });
  }
  return {
    name: fileName(name, table === null ? named.map((run) => run.id) : [`${table}-${profile}`]),
    type,
    chunks: made(),
  };
}

const runsOf = ({ results }: TableState): string[] => [
  ...new Set(results.flatMap(({ runs }) => runs.map(({ id }) => id))),
];

/** The name of a file of a single run or table begins with that run or table: `mnist-abc234-metrics.csv`, `regimes-quick.md`. */
function fileName(name: string, of: string[]): string {
  if (of.length !== 1) return name;
  const [stem, ending] = name.split('.');
  return ['table', 'config', 'bundle'].includes(stem) ? `${of[0]}.${ending}` : `${of[0]}-${name}`;
}
