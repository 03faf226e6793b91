/** `permafrost sweep`: trains a config over a grid of values and seeds, and prints means with 95 % intervals. */
import { extname } from 'node:path';
import { standingRuns, stepFor } from '#app/standingRuns';
import { fieldMeta } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { numberText } from '#contract/format';
import { bestNumber, type Mean, marginText, meanOf } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import type { Services } from '#contract/services';
import { withPublishedSettings } from '#contract/startingSettings';
import { type Axis, type Combination, combinationsOf, expandSweep, readAxis } from '#contract/sweep';
import { writeChunks } from '#export/file';
import { alignColumns, type CommandRow, print, withApp } from './command.ts';
import { type ConfigOptions, readSettings, setsTask, takesConfig, withReadyBody } from './configOptions.ts';
import { type OnOptions, printedDryRun, requirePlace, takesOn } from './onOption.ts';
import { printable } from './printable.ts';
import { exitCodeOf, follow } from './watch.ts';
import { wholeNumber } from './wholeNumber.ts';

interface Options extends ConfigOptions, OnOptions {
  grid: Axis[];
  seeds: number;
  slots: number;
  out?: string;
  json?: boolean;
}

export const sweepCommand: CommandRow = {
  add(program) {
    takesOn(
      takesConfig(
        program
          .command('sweep')
          .description(
            'train a config over a grid of values and seeds; repeating the command trains only failed and missing runs',
          ),
      ),
    )
      .option(
        '--grid <field=values>',
        'values of a field, such as learning_rate=1e-5..1e-2:log:7, dropout=0..0.3:4 or n_layer=1,2,4; may be repeated',
        (text, all: Axis[]) => [...all, readAxis(text)],
        [],
      )
      .option(
        '--seeds <n>',
        'seeds per combination, counted up from the config’s seed',
        wholeNumber('--seeds', 1, 100),
        3,
      )
      .option('--slots <n>', 'how many runs may train at once; they share the cores', wholeNumber('--slots', 1, 64), 1)
      .option('--out <file>', `write the table to a file that ends in ${endings.join(', ')}`, readOut)
      .option('--json', 'print the table as one JSON object')
      .action(runSweep);
  },
};

/** Extensions of files to which the table can be written. */
const endings = ['.csv', '.md', '.tex'];

/** A combination of values with its runs and their mean. */
interface Row {
  values: unknown[];
  runs: RunRow[];
  mean: Mean | null;
}

async function runSweep(file: string | undefined, options: Options): Promise<void> {
  const axes = options.grid;
  const settings = readSettings(file, options, axes);
  await withApp(
    async (app) => {
      const points = expandWithApp(app, settings, options);
      const configs = points.flatMap((point) => point.configs);
      if (printedDryRun(app, options, configs.length)) return;
      const standing = standingRuns(app.runs.list());
      const unfinished = configs.filter((config) => stepFor(standing.of(config)) !== 'finished');
      await requirePlace(app, options, unfinished);
      const runs = await app.runs.ensure(configs, ['sweep'], options.on);
      const left = runs.filter(({ step }) => step !== 'finished');
      if (left.length < runs.length)
        process.stderr.write(
          `${runs.length - left.length} of ${runs.length} runs are already finished (same settings, same seed).\n`,
        );
      const names = points.flatMap(({ values, configs }) =>
        configs.map(({ seed }) => [...title(axes, values), `seed ${seed}`].join(', ')),
      );
      const ids = runs.map(({ id }) => id);
      await follow(
        app,
        left.map(({ id }) => id),
        Object.fromEntries(ids.map((id, i) => [id, names[i]])),
      );
      const known = new Map(app.runs.list(ids).map((row) => [row.id, row]));
      const all = ids.map((id) => known.get(id)!);
      const rows = points.map(({ values, configs }): Row => {
        const own = all.splice(0, configs.length);
        return { values, runs: own, mean: meanOf(own, 'value') };
      });
      if (options.out) await writeChunks(options.out, meansOf(app, ids, options.out));
      print(options.json, { axes, rows: rows.map(jsonRow) }, () => table(axes, rows));
      process.exitCode = exitCodeOf([...known.values()]);
    },
    { slots: options.slots },
  );
}

/** The configs of the sweep. Tasks in `--set` and `--grid` also set their published settings. */
function expandWithApp({ config }: Services, settings: Record<string, unknown>, options: Options): Combination[] {
  const { grid, seeds } = options;
  const choosesTask = setsTask(options) || grid.some(({ field }) => field === 'task');
  const tasks = choosesTask ? config.catalogue().tasks : [];
  const networks = combinationsOf(grid.filter(({ field }) => ['task', 'model'].includes(fieldMeta(field).group)));
  const points = networks.map((values) => withPublishedSettings({ ...settings, ...values }, tasks));
  return expandSweep(withReadyBody(settings, points, config), grid, seeds, tasks);
}

const title = (axes: Axis[], values: unknown[]): string[] =>
  axes.map(({ field }, i) => `${field} ${printable(plain(values[i]), 60)}`);
const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The means of the runs, in the format of the file's extension. */
const meansOf = (app: Services, ids: string[], out: string) =>
  app.download(`/download/means${extname(out)}?${new URLSearchParams(ids.map((id): [string, string] => ['id', id]))}`)
    .chunks;

function readOut(path: string): string {
  if (endings.includes(extname(path))) return path;
  throw new PermafrostError('config', `--out expects a file that ends in ${endings.join(', ')}; found "${path}".`);
}

function table(axes: Axis[], rows: Row[]): string {
  const metrics = [...new Set(rows.map(({ runs }) => runs[0].metric))];
  const metric = metrics.length === 1 ? metrics[0] : null;
  const means = rows.map(({ mean }) => mean?.mean ?? null);
  const best = metric && bestNumber(means, metric);
  const header = [...axes.map(({ field }) => field), metric ?? 'metric', '95 % interval', 'seeds', ''];
  const lines = rows.map(({ values, runs, mean }) => {
    const counted = mean?.n === runs.length ? String(runs.length) : `${mean?.n ?? 0} of ${runs.length}`;
    return [
      ...values.map(plain),
      mean ? numberText(mean.mean) : '–',
      mean ? marginText(mean, (value) => numberText(value, 2)) : '',
      counted,
      mean && mean.mean === best ? 'best mean' : '',
    ];
  });
  const failed = rows.flatMap(({ runs }) => runs.filter(({ state }) => state === 'failed'));
  const reasons = failed.map(({ name, seed, reason }) => `  ${printable(name, 100)}, seed ${seed}: ${reason?.message}`);
  const note = rows.some(({ mean }) => mean?.n === 1)
    ? ['', 'With one seed the interval shows only evaluation noise.']
    : [];
  const again = 'Repeat the command to train only these.';
  return [alignColumns(header, lines), ...note, ...(reasons.length ? ['', 'Failed:', ...reasons, again] : [])].join(
    '\n',
  );
}

const jsonRow = ({ values, runs, mean }: Row) => ({
  ...{ values, metric: mean && runs[0].metric, mean: mean?.mean ?? null },
  ...{ low: mean?.low ?? null, high: mean?.high ?? null, seeds: mean?.n ?? 0, runs: runs.map(({ id }) => id) },
});
