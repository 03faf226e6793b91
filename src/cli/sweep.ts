/** `permafrost sweep`: a config over a grid of values and seeds, and a table of mean ± 95 % interval. */
import { availableParallelism } from 'node:os';
import { PermafrostError } from '#contract/errors';
import type { Run } from '#contract/run';
import { interval } from '#contract/statistics';
import { type Axis, expandSweep, type Point, readAxis } from '#contract/sweep';
import { pieces, writeChunks } from '#export/file';
import { type CsvValue, csvLine } from '#formats/csv';
import { type CommandRow, columns, number, print, withApp } from './command.ts';
import { type ConfigOptions, readConfig, takesConfig } from './configOptions.ts';
import { exitCodeOf, follow } from './watch.ts';

interface Options extends ConfigOptions {
  grid: Axis[];
  seeds: string;
  slots: string;
  out?: string;
  json?: boolean;
}

export const sweep: CommandRow = {
  add(program) {
    takesConfig(program.command('sweep').description('train a config over a grid of values and seeds'))
      .requiredOption(
        '--grid <field=values>',
        'learning_rate=1e-5..1e-2:log:7, dropout=0..0.3:4, n_layer=1,2,4; may be repeated',
        (text, all: Axis[] = []) => [...all, readAxis(text)],
      )
      .option('--seeds <n>', 'seeds per combination, counted up from the config’s own', '3')
      .option('--slots <n>', `runs at once; this machine has ${availableParallelism()} cores`, '1')
      .option('--out <file>', 'write the table as CSV')
      .option('--json', 'print the table as one JSON object')
      .action(runSweep);
  },
};

/** What the runs of a combination say together. */
interface Row {
  point: Point;
  runs: Run[];
  metric: string | null;
  mean: number | null;
  low: number | null;
  high: number | null;
  /** Runs with a result. */
  seeds: number;
}

async function runSweep(file: string | undefined, options: Options): Promise<void> {
  const axes = options.grid;
  const points = expandSweep(readConfig(file, options), axes, readCount('--seeds', options.seeds));
  await withApp(
    async (app) => {
      const runs = app.ensure(
        points.flatMap(({ configs }) => configs),
        ['sweep'],
      );
      const left = runs.filter(({ step }) => step !== 'finished');
      if (left.length < runs.length)
        process.stderr.write(
          `${runs.length - left.length} of ${runs.length} finished already: same settings, same seed.\n`,
        );
      const names = points.flatMap(({ values, configs }) =>
        configs.map(({ seed }) => `${title(axes, values)} seed ${seed}`),
      );
      const ids = runs.map(({ id }) => id);
      await follow(
        app,
        left.map(({ id }) => id),
        Object.fromEntries(ids.map((id, i) => [id, names[i]])),
      );
      const finished = ids.map(app.get);
      const rows = points.map((point) => rowOf(point, finished.splice(0, point.configs.length)));
      if (options.out) await writeChunks(options.out, pieces(csv(axes, rows)));
      print(options.json, { axes, rows: rows.map(jsonRow) }, () => table(axes, rows));
      process.exitCode = exitCodeOf(ids.map(app.get));
    },
    readCount('--slots', options.slots),
  );
}

function readCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new PermafrostError('config', `${option} expects a number from 1 to 100, found "${text}".`);
}

const title = (axes: Axis[], values: unknown[]): string =>
  axes.map(({ field }, i) => `${field} ${plain(values[i])}`).join(', ');
const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function rowOf(point: Point, runs: Run[]): Row {
  const results = runs.flatMap(({ result }) => result ?? []);
  const found = interval(results);
  const { mean = null, low = null, high = null } = found ?? {};
  return { point, runs, metric: results[0]?.metric ?? null, mean, low, high, seeds: results.length };
}

/** The row with the best mean; accuracy is better high, an error low. */
function bestOf(rows: Row[]): Row | null {
  const score = ({ metric, mean }: Row) => (mean === null ? Number.NEGATIVE_INFINITY : metric === 'mae' ? -mean : mean);
  const best = rows.reduce((a, b) => (score(b) > score(a) ? b : a));
  return best.mean === null ? null : best;
}

function table(axes: Axis[], rows: Row[]): string {
  const best = bestOf(rows);
  const header = [...axes.map(({ field }) => field), best?.metric ?? 'metric', '± 95 %', 'seeds', ''];
  const lines = rows.map((row) => {
    const { point, runs, mean, high, seeds } = row;
    const half = mean === null || high === null ? '' : `± ${number(high - mean, 2)}`;
    const counted = seeds === runs.length ? String(seeds) : `${seeds} of ${runs.length}`;
    return [
      ...point.values.map(plain),
      mean === null ? '–' : number(mean),
      half,
      counted,
      row === best ? 'best mean' : '',
    ];
  });
  const failed = rows.flatMap(({ runs }) => runs.filter((run) => run.state === 'failed'));
  const reasons = failed.map((run) => `  ${run.config.name}, seed ${run.config.seed}: ${run.reason?.message}`);
  const note = rows.some(({ seeds }) => seeds === 1)
    ? ['', 'With one seed the interval shows evaluation noise alone.']
    : [];
  return [columns(header, lines), ...note, ...(reasons.length ? ['', 'Failed:', ...reasons] : [])].join('\n');
}

const jsonRow = ({ point, runs, ...row }: Row) => ({ values: point.values, ...row, runs: runs.map((run) => run.id) });

function* csv(axes: Axis[], rows: Row[]): Generator<string> {
  yield csvLine([...axes.map(({ field }) => field), 'metric', 'mean', 'low_95', 'high_95', 'seeds', 'runs']);
  for (const { point, runs, metric, mean, low, high, seeds } of rows) {
    const values: CsvValue[] = [...point.values.map(plain), metric, mean, low, high, seeds];
    yield csvLine([...values, runs.map((run) => run.id).join(' ')]);
  }
}
