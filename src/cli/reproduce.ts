/** `permafrost reproduce`: the runs behind a table, and the table with published numbers, ours and a verdict. */
import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { PermafrostError } from '#contract/errors';
import { type Floor, sitsOnFloor } from '#contract/floor';
import {
  type Cell,
  type Difference,
  type Judgement,
  type PaperTable,
  type Profile,
  type Published,
  profiles,
} from '#contract/papers';
import type { Run } from '#contract/run';
import type { Services } from '#contract/services';
import type { Sample } from '#contract/statistics';
import { writeLines } from '#export/csv';
import { type CsvValue, csvLine } from '#formats/csv';
import { expand, missing } from '#papers/expand';
import { tableOf, tables } from '#papers/published';
import { compare, judge, toleranceOf } from '#papers/verdict';
import { type CommandRow, columns, number, print, withApp } from './command.ts';
import { enqueue } from './enqueue.ts';
import { exitCodeOf, follow } from './watch.ts';

interface Options {
  profile: Profile;
  cells?: string[];
  seeds: string;
  out?: string;
  json?: boolean;
}

export const reproduce: CommandRow = {
  add(program) {
    program
      .command('reproduce')
      .description('train the runs of a published table and judge its cells')
      .argument('[table]', `one of ${tables.map((t) => t.id).join(', ')}`, 'regimes')
      .addOption(
        new Option('--profile <profile>', 'quick: a small body and budget; paper: as published')
          .choices(profiles)
          .default('quick'),
      )
      .option('--cells <part...>', 'only cells whose id contains one of these, e.g. mnist/FRT')
      .option('--seeds <n>', 'seeds per cell', '3')
      .option('--out <file>', 'the CSV file (default: reproduce-TABLE-PROFILE.csv here)')
      .option('--json', 'print the judged cells as one JSON object')
      .action((id: string, options: Options) => reproduceTable(id, options));
  },
};

/** A cell with what answers it here. */
interface Answer {
  cell: Cell;
  floor: Floor | null;
  /** Why it cannot run here. */
  needs: string | null;
  notes: string[];
  runs: Run[];
  samples: Sample[];
  judgement: Judgement;
}

/** What one column of a row gains over another. */
interface Contrast extends Difference {
  row: string;
  /** `FPT over FRT`. */
  columns: string;
  metric: Published['metric'];
}

function contrastsOf(table: PaperTable, answers: Answer[]): Contrast[] {
  const at = (row: string, column: string) => answers.find(({ cell }) => cell.row === row && cell.column === column);
  return [...new Set(answers.map(({ cell }) => cell.row))].flatMap((row) =>
    table.contrasts.flatMap(([column, other]): Contrast[] => {
      const [ours, theirs] = [at(row, column), at(row, other)];
      const metric = ours?.runs[0]?.result?.metric as Published['metric'] | undefined;
      const found = ours && theirs && metric ? compare(ours.samples, theirs.samples, metric) : null;
      return found ? [{ row, columns: `${column} over ${other}`, metric: metric!, ...found }] : [];
    }),
  );
}

const conclusion = ({ low, high }: Contrast): string => (low > 0 ? 'helps' : high < 0 ? 'harms' : "can't tell yet");

async function reproduceTable(id: string, options: Options): Promise<void> {
  const cells = chosenCells(id, options.cells);
  const seeds = readSeeds(options.seeds);
  const path = options.out ?? `reproduce-${id}-${options.profile}.csv`;
  // small bodies do not fill the cores, so the quick profile trains one run per core
  const slots = options.profile === 'quick' ? availableParallelism() : 1;
  await withApp(async (app) => {
    const have = { body: app.hasBody, task: app.hasTask, weights: app.hasWeights };
    const planned = cells.map((cell) => {
      const needs = missing(cell, options.profile, have);
      return {
        cell,
        needs,
        ...(needs ? { configs: [], notes: [], scaled: false } : expand(cell, options.profile, seeds)),
      };
    });
    const wanted = planned.map(({ cell, configs }) =>
      configs.map((config) => ({ config, label: `${cell.row} ${cell.column} seed ${config.seed}` })),
    );
    const { ids, labels } = enqueue(app, wanted, `${id}-${options.profile}`);
    await follow(
      app,
      ids.flat().filter((run) => app.get(run).state !== 'finished'),
      labels,
    );

    const floors = await Promise.all(planned.map(({ cell }) => floorOf(app, cell)));
    const answers = planned.map(({ cell, needs, notes, scaled }, i): Answer => {
      const runs = ids[i].map(app.get);
      const kind = cell.resultIs === 'last100' && !scaled ? 'last100' : 'value';
      const samples = runs.flatMap(({ result }) =>
        result ? [{ value: result[kind], standardError: result.standardError }] : [],
      );
      return {
        cell,
        floor: floors[i],
        needs,
        notes,
        runs,
        samples,
        judgement: judge(cell.published, samples, { scaled, floor: floors[i] }),
      };
    });
    await writeLines(path, answersCsv(answers, options.profile));
    const contrasts = contrastsOf(tableOf(id), answers);
    print(
      options.json,
      { table: id, profile: options.profile, csv: path, cells: answers.map(jsonCell), contrasts },
      () => report(tableOf(id), answers, contrasts, path),
    );
    process.exitCode = exitCodeOf(ids.flat().map(app.get));
  }, slots);
}

function chosenCells(id: string, parts: string[] | undefined): Cell[] {
  const { cells } = tableOf(id);
  if (!parts) return cells;
  const wanted = parts.flatMap((part) => part.split(','));
  const chosen = cells.filter((cell) => wanted.some((part) => cell.id.toLowerCase().includes(part.toLowerCase())));
  if (chosen.length > 0) return chosen;
  throw new PermafrostError(
    'notFound',
    `No cell of ${id} contains ${wanted.join(' or ')}. Cells: ${cells.map((cell) => cell.id).join(', ')}.`,
  );
}

function readSeeds(text: string): number[] {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100)
    throw new PermafrostError('config', `--seeds expects a number from 1 to 100, found "${text}".`);
  return Array.from({ length: count }, (_, seed) => seed);
}

/** What guessing reaches on the cell's test set; null where that is not known here. */
async function floorOf(app: Services, cell: Cell): Promise<Floor | null> {
  if (!cell.params.task || !app.hasTask(cell.params.task)) return null;
  return app.data.floor(expand(cell, 'paper', [0]).configs[0]);
}

/** Whether the published number is no better than guessing. */
const onFloor = ({ cell: { published: p }, floor }: Answer): boolean =>
  p !== null && floor !== null && sitsOnFloor(p, floor, toleranceOf(p));

const range = ({ low, high }: Judgement): string =>
  low === null || high === null ? '' : `${number(low, 3)} … ${number(high, 3)}`;

function published({ published: p }: Cell): string {
  if (!p) return '–';
  const spread = p.spread === null ? '' : ` ± ${number(p.spread, 2)}`;
  return `${number(p.value)}${spread}`;
}

function verdictText({ needs, judgement }: Answer): string {
  if (needs) return 'not run';
  const { verdict, moreSeeds } = judgement;
  return moreSeeds ? `${verdict} (${moreSeeds} more seed${moreSeeds === 1 ? '' : 's'})` : verdict;
}

function report(table: PaperTable, answers: Answer[], contrasts: Contrast[], path: string): string {
  const rows = answers.map((answer) => {
    const { cell, judgement } = answer;
    const metric = cell.published?.metric ?? answer.runs[0]?.result?.metric ?? '';
    const ours = judgement.mean === null ? '' : number(judgement.mean);
    return [
      cell.row,
      cell.column,
      metric,
      published(cell) + (onFloor(answer) ? ' *' : ''),
      answer.floor ? number(answer.floor.value) : '',
      ours,
      range(judgement),
      judgement.seeds ? String(judgement.seeds) : '',
      verdictText(answer),
    ];
  });
  const needs = answers.filter((a) => a.needs).map((a) => `  ${a.cell.row} ${a.cell.column}: ${a.needs}`);
  const notes = [...new Set(answers.flatMap((a) => a.notes))].map((note) => `  ${note}`);
  const floors = answers.flatMap((a) =>
    onFloor(a)
      ? [`  ${a.cell.row} ${a.cell.column}: saying ${a.floor!.predictor} gives ${number(a.floor!.value)}`]
      : [],
  );
  const sources = [
    ...new Set(
      answers.flatMap(({ cell }) => (cell.published ? [`  ${cell.row} ${cell.column}: ${cell.published.source}`] : [])),
    ),
  ];
  const section = (title: string, lines: string[]) => (lines.length ? ['', title, ...lines] : []);
  return [
    columns(['task', 'regime', 'metric', 'published', 'floor', 'ours', '95 % interval', 'seeds', 'verdict'], rows),
    ...section(
      `${table.title}. Gain (positive: better), with its 95 % interval over seeds:`,
      contrasts.map(contrastLine),
    ),
    ...section('* no better than guessing:', floors),
    ...section('Scaled down, so not compared with the published number:', notes),
    ...section('Not run here:', needs),
    ...section('Sources of the published numbers:', sources),
    '',
    `Runs are in the store (permafrost list); this table is in ${path}.`,
  ].join('\n');
}

const contrastLine = (c: Contrast): string =>
  `  ${c.row}  ${c.columns}  ${c.gain > 0 ? '+' : ''}${number(c.gain, 3)} ${c.metric} (${number(c.low, 3)} … ${number(c.high, 3)})  ${conclusion(c)}`;

const jsonCell = (answer: Answer) => ({
  ...cellOf(answer),
  publishedOnFloor: onFloor(answer),
});

const cellOf = ({ cell, floor, needs, notes, runs, judgement }: Answer) => ({
  ...cell,
  floor,
  needs,
  notes,
  runs: runs.map((run) => run.id),
  ...judgement,
});

function* answersCsv(answers: Answer[], profile: Profile): Generator<string> {
  yield csvLine([
    'cell',
    'row',
    'column',
    'profile',
    'metric',
    'published',
    'published_spread',
    'published_runs',
    'source',
    'certainty',
    'floor',
    'on_floor',
    'ours',
    'low_95',
    'high_95',
    'seeds',
    'verdict',
    'more_seeds',
    'tolerance',
    'runs',
    'notes',
    'needs',
  ]);
  for (const answer of answers) {
    const { cell, floor, needs, notes, runs, judgement: j } = answer;
    const p = cell.published;
    const values: CsvValue[] = [cell.id, cell.row, cell.column, profile, p?.metric ?? runs[0]?.result?.metric ?? null];
    values.push(p?.value ?? null, p?.spread ?? null, p?.runs ?? null, p?.source ?? null, p?.certainty ?? null);
    values.push(
      floor?.value ?? null,
      p ? String(onFloor(answer)) : null,
      j.mean,
      j.low,
      j.high,
      j.seeds,
      needs ? 'not run' : j.verdict,
      j.moreSeeds,
      j.tolerance,
      runs.map((run) => run.id).join(' '),
      notes.join('; '),
      needs,
    );
    yield csvLine(values);
  }
}
