/** `permafrost reproduce`: trains the runs of a published table, then prints published numbers, our numbers and verdicts. */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Option } from 'commander';
import { conclusionTexts } from '#contract/conclusions';
import { PermafrostError } from '#contract/errors';
import { bytesText, dateTimeText, miscountText, numberText, planText, planTimeText } from '#contract/format';
import { numberHint, readDecimal } from '#contract/numbers';
import { type Cell, defaultTable, usualSeeds } from '#contract/paperTable';
import {
  type CellResult,
  defaultTolerance,
  type Profile,
  profiles,
  type ReproductionPlan,
  type TableState,
} from '#contract/tableState';
import {
  bestText,
  chanceText,
  contrastText,
  floorText,
  havePublished,
  outlookText,
  publishedText,
  rangeText,
  thresholdText,
  unreachedText,
  verdictText,
  weightsAndScoreTexts,
  weightsAndScoreTitle,
} from '#contract/tableText';
import { pieces, writeChunks } from '#export/file';
import { resultsCsv } from '#export/tables';
import { tableOf, tables } from '#papers/published';
import { forestPlotSvg } from '#pictures/forestPlot';
import { pointsOfCurve, testCurvesOf } from '#pictures/stepCurves';
import { alignColumns, type CommandRow, print, withApp } from './command.ts';
import { type OnOptions, printedDryRun, requirePlace, takesOn } from './onOption.ts';
import { exitCodeOf, follow } from './watch.ts';
import { wholeNumber } from './wholeNumber.ts';

interface Options extends OnOptions {
  profile: Profile;
  cells?: string[];
  /** Absent: as many as each cell says. */
  seeds?: number;
  threshold?: number;
  out?: string;
  picture?: string;
  json?: boolean;
}

export const reproduceCommand: CommandRow = {
  add(program) {
    takesOn(program.command('reproduce'))
      .description('train the runs of a published table and judge its cells')
      .argument('[table]', `one of ${tables.map((t) => t.id).join(', ')}`, defaultTable)
      .addOption(
        new Option('--profile <profile>', 'quick: a small body and budget; paper: as published')
          .choices(profiles)
          .default('quick'),
      )
      .option('--cells <part...>', 'train only cells whose id contains one of these texts, such as mnist/FRT')
      .option(
        '--seeds <n>',
        `seeds per cell (default: ${usualSeeds}, or as many as the table says)`,
        wholeNumber('--seeds', 1, 100),
      )
      .option(
        '--threshold <value>',
        'test metric that runs must reach in cells that count steps (default: the threshold of the cell)',
        threshold,
      )
      .option('--out <file>', 'CSV file of the table (default: reproduce-TABLE-PROFILE.csv in this folder)')
      .option('--picture <file>', 'also draw the table as a forest plot, in an SVG file')
      .option('--json', 'print the judged cells as one JSON object')
      .action((id: string, options: Options) => reproduceTable(id, options));
  },
};

function threshold(text: string): number {
  const value = readDecimal(text);
  if (value !== null && value >= 0) return value;
  throw new PermafrostError('config', `--threshold expects a number from 0; found "${text}".${numberHint(text)}`);
}

async function reproduceTable(id: string, options: Options): Promise<void> {
  const { profile, seeds, picture } = options;
  if (picture !== undefined && extname(picture) !== '.svg')
    throw new PermafrostError('config', `--picture expects a file that ends in .svg; found "${picture}".`);
  const chosen = new Set(chosenCells(id, options.cells).map((cell) => cell.id));
  const path = options.out ?? `reproduce-${id}-${profile}.csv`;
  // small bodies do not fill the cores, so the quick profile trains one run per core
  const slots = profile === 'quick' ? availableParallelism() : 1;
  await withApp(
    async (app) => {
      const part = async (): Promise<TableState> => {
        const state = await app.tables.state(id, profile, { ...defaultTolerance, threshold: options.threshold });
        const results = state.results.filter(({ cell }) => chosen.has(cell.id));
        const contrasts = state.contrasts.filter(({ row }) => results.some(({ cell }) => cell.row === row));
        return { ...state, results, contrasts };
      };
      const { results } = await part();
      const before = results.filter(({ needs }) => !needs);
      const possible = before.map(({ cell }) => cell);
      const outlook = outlookText(before);
      if (outlook) process.stderr.write(`${outlook}\n`);
      for (const line of needTexts(results)) process.stderr.write(`Not run here: ${line}\n`);
      // a cell that takes the best of a sweep needs the runs of the sweep
      const trained = new Set(possible.flatMap(({ id, bestOf }) => (bestOf.length > 0 ? bestOf : id)));
      const trainedCells = tableOf(id).cells.filter((cell) => trained.has(cell.id));
      const cells = trainedCells.map((cell) => ({ id: cell.id, seeds: seeds ?? cell.seeds }));
      if (cells.length) {
        const request = { table: id, profile, cells, launcher: options.on };
        const plan = app.tables.plan(request);
        if (printedDryRun(app, options, plan.started + plan.resumed)) return;
        await requirePlace(app, options);
        const ids = await app.tables.reproduce(request);
        const labels = Object.fromEntries(
          ids.flatMap((runs, i) =>
            runs.map((run, seed) => [run, `${trainedCells[i].row} ${trainedCells[i].column} seed ${seed}`]),
          ),
        );
        const runs = [...new Set(ids.flat())]; // cells may share runs
        process.stderr.write(`${announcement(plan)}\n`);
        await follow(
          app,
          runs.filter((run) => app.runs.get(run).state !== 'finished'),
          labels,
        );
        process.exitCode = exitCodeOf(runs.map(app.runs.get));
      }
      const state = await part();
      await writeChunks(path, pieces(resultsCsv(state)));
      if (picture !== undefined) {
        const curves = testCurvesOf(state, (run) => app.runs.series(run, 'test_metric', pointsOfCurve));
        await writeChunks(picture, [forestPlotSvg(state, curves, dateTimeText(Date.now())).svg]);
      }
      print(
        options.json,
        {
          table: id,
          profile,
          csv: path,
          ...(picture !== undefined && { picture }),
          cells: state.results.map(jsonCell),
          contrasts: state.contrasts,
          conclusions: conclusionTexts(state.contrasts),
          weightsAndScore: state.weightsAndScore,
        },
        () => report(state, path, picture),
      );
    },
    { slots },
  );
}

function chosenCells(id: string, parts: string[] | undefined): Cell[] {
  const { cells } = tableOf(id);
  if (!parts) return cells;
  const wanted = parts.flatMap((part) => part.split(','));
  // a complete id selects only its cell, even if other ids begin with it
  const isMeant = (id: string, part: string) =>
    cells.some((cell) => cell.id === part) ? id === part : id.toLowerCase().includes(part.toLowerCase());
  const chosen = cells.filter(({ id }) => wanted.some((part) => isMeant(id, part)));
  if (chosen.length > 0) return chosen;
  throw new PermafrostError(
    'notFound',
    `No cell of ${id} contains ${wanted.join(' or ')}. Cells: ${cells.map((cell) => cell.id).join(', ')}.`,
  );
}

/** Columns of the printed table; a table without published numbers has no columns for them. */
const columns: { name: string; text(result: CellResult): string; ofPublished?: true }[] = [
  { name: 'task', text: ({ cell }) => cell.row },
  { name: 'regime', text: ({ cell }) => cell.column },
  { name: 'metric', text: (result) => thresholdText(result) || (result.metric ?? '') },
  {
    name: 'published',
    text: ({ cell, onFloor }) => publishedText(cell.published) + (onFloor ? ' *' : ''),
    ofPublished: true,
  },
  { name: 'floor', text: floorText },
  {
    name: 'ours',
    text: (result) => {
      const { mean } = result.judgement;
      return mean !== null ? numberText(mean) : unreachedText(result) ? '–' : '';
    },
  },
  { name: '95 % interval', text: ({ judgement }) => rangeText(judgement) },
  { name: 'seeds', text: ({ judgement: { seeds } }) => (seeds ? String(seeds) : '') },
  { name: 'verdict', text: verdictText, ofPublished: true },
];

function report(state: TableState, path: string, picture: string | undefined): string {
  const { table, results, contrasts } = state;
  const shown = columns.filter(({ ofPublished }) => havePublished(results) || !ofPublished);
  const notes = [...new Set(results.flatMap((a) => a.notes))].map((note) => `  ${note}`);
  const floors = results.flatMap((a) =>
    a.onFloor ? [`  ${a.cell.row} ${a.cell.column}: floor ${numberText(a.floor!.value)} (${a.floor!.predictor})`] : [],
  );
  const sources = [
    ...new Set(
      results.flatMap(({ cell }) => (cell.published ? [`  ${cell.row} ${cell.column}: ${cell.published.source}`] : [])),
    ),
  ];
  const texts = (of: (result: CellResult) => string) =>
    results.flatMap((a) => (of(a) ? [`  ${a.cell.row} ${a.cell.column}: ${of(a)}`] : []));
  const section = (title: string, lines: string[]) => (lines.length ? ['', title, ...lines] : []);
  return [
    alignColumns(
      shown.map(({ name }) => name),
      results.map((result) => shown.map(({ text }) => text(result))),
    ),
    ...section(
      `${table.title}. Gain (positive: better), with its 95 % interval over seeds:`,
      contrasts.map((contrast) => `  ${contrastText(contrast)}`),
    ),
    ...section(
      `${weightsAndScoreTitle}:`,
      weightsAndScoreTexts(state.weightsAndScore).map((line) => `  ${line}`),
    ),
    ...section('Threshold not reached, so no mean of steps:', texts(unreachedText)),
    ...section('Best of a sweep:', texts(bestText)),
    ...section(
      'Averages of fewer than 100 test metrics:',
      results.flatMap((a) => (a.averages === null ? [] : [`  ${a.cell.row} ${a.cell.column}: ${a.averages}`])),
    ),
    ...section(
      'Many verdicts:',
      [chanceText(state)].flatMap((text) => (text ? [`  ${text}`] : [])),
    ),
    ...section('* published number no better than the floor:', floors),
    ...section('Scaled down, so not compared with the published number:', notes),
    ...section(
      'Not run here:',
      needTexts(results).map((line) => `  ${line}`),
    ),
    ...section('Sources of the published numbers:', sources),
    ...section('Conclusions:', conclusionTexts(contrasts)),
    '',
    `This table is in ${path}${picture === undefined ? '' : ` and its picture in ${picture}`}. permafrost list shows its runs.`,
  ].join('\n');
}

/** Why cells cannot be trained on this machine. */
const needTexts = (results: readonly CellResult[]): string[] =>
  results.flatMap(({ cell, needs }) => (needs ? [`${cell.row} ${cell.column}: ${needs}`] : []));

const jsonCell = ({ cell, floor, onFloor, needs, notes, runs, judgement, ...rest }: CellResult) => ({
  ...cell,
  averages: rest.averages,
  steps: rest.steps,
  best: rest.best,
  outlook: rest.outlook,
  floor,
  publishedOnFloor: onFloor,
  needs,
  notes,
  runs: runs.map((run) => run.id),
  ...judgement,
});

/** The runs that will train, and their cost. */
function announcement(plan: ReproductionPlan): string {
  const { basis, memoryBytes, diskBytes, miscounted } = plan;
  const cost = `About ${planTimeText(plan)} (${basis}), ${bytesText(memoryBytes)} of memory each, ${bytesText(diskBytes)} of disk.`;
  return [
    `${planText(plan)}.`,
    ...(plan.resumed + plan.started > 0 ? [cost] : []),
    ...miscounted.map(miscountText),
  ].join('\n');
}
