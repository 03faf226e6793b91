/** Files made on the fly, by path: what the window saves and the server sends. */
import { configFile } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Download, Services } from '#contract/services';
import { metricsCsv, runsCsv } from '#export/csv';

type Source = Pick<Services, 'list' | 'get' | 'metrics'>;

const csv = 'text/csv; charset=utf-8';

/** `?id=…&id=…` names runs; without it, all. */
const chosen = (app: Source, query: URLSearchParams) =>
  query.has('id') ? query.getAll('id').map(app.get) : app.list();

const rows: Record<string, (app: Source, query: URLSearchParams) => Download> = {
  'runs.csv': (app, query) => ({ name: 'runs.csv', type: csv, lines: runsCsv(chosen(app, query)) }),
  'metrics.csv': (app, query) => {
    const runs = chosen(app, query);
    const name = runs.length === 1 ? `${runs[0].id}-metrics.csv` : 'metrics.csv';
    return { name, type: csv, lines: metricsCsv(runs.map(({ id }) => ({ id, rows: app.metrics(id) }))) };
  },
  'config.json': (app, query) => {
    const run = app.get(query.get('id') ?? '');
    const text = `${JSON.stringify(configFile(run.config), null, 2)}\n`;
    return { name: `${run.id}.json`, type: 'application/json', lines: [text] };
  },
};

/** The file behind `/download/NAME?…`. Throws `notFound`. */
export function downloadOf(app: Source, path: string): Download {
  const { pathname, searchParams } = new URL(path, 'http://permafrost');
  const name = pathname.replace(/^\/download\//, '');
  if (Object.hasOwn(rows, name)) return rows[name](app, searchParams);
  throw new PermafrostError(
    'notFound',
    `There is no download ${pathname}. There are: ${Object.keys(rows).join(', ')}.`,
  );
}
