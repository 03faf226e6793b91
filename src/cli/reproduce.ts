/** `permafrost reproduce`: trains the runs behind a published table, then prints published numbers, ours and verdicts. */
import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { PermafrostError } from '#contract/errors';
import { bytesText, durationText, miscountText, numberText, planText } from '#contract/format';
import type { Cell } from '#contract/paperTable';
import { type CellResult, type Profile, profiles, type ReproductionPlan, type TableState } from '#contract/tableState';
import {
  chanceText,
  contrastText,
  outlookText,
  publishedText,
  rangeText,
  verdictText,
  weightsAndScoreTexts,
  weightsAndScoreTitle,
} from '#contract/tableText';
import { pieces, writeChunks } from '#export/file';
import { resultsCsv } from '#export/tables';
import { tableOf, tables } from '#papers/published';
import { alignColumns, type CommandRow, print, withApp } from './command.ts';
import { exitCodeOf, follow } from './watch.ts';
import { wholeNumber } from './wholeNumber.ts';

interface Options {
  profile: Profile;
  cells?: string[];
  seeds: number;
  out?: string;
  json?: boolean;
}

export const reproduceCommand: CommandRow = {
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
      .option('--seeds <n>', 'seeds per cell', wholeNumber('--seeds', 1, 100), 3)
      .option('--out <file>', 'the CSV file (default: reproduce-TABLE-PROFILE.csv here)')
      .option('--json', 'print the judged cells as one JSON object')
      .action((id: string, options: Options) => reproduceTable(id, options));
  },
};

async function reproduceTable(id: string, options: Options): Promise<void> {
  const { profile, seeds } = options;
  const chosen = new Set(chosenCells(id, options.cells).map((cell) => cell.id));
  const path = options.out ?? `reproduce-${id}-${profile}.csv`;
  // small bodies do not fill the cores, so the quick profile trains one run per core
  const slots = profile === 'quick' ? availableParallelism() : 1;
  await withApp(
    async (app) => {
      const part = async (): Promise<TableState> => {
        const state = await app.tables.state(id, profile);
        const results = state.results.filter(({ cell }) => chosen.has(cell.id));
        const contrasts = state.contrasts.filter(({ row }) => results.some(({ cell }) => cell.row === row));
        return { ...state, results, contrasts };
      };
      const before = (await part()).results.filter(({ needs }) => !needs);
      const possible = before.map(({ cell }) => cell);
      const outlook = outlookText(before);
      if (outlook) process.stderr.write(`${outlook}\n`);
      const cells = possible.map((cell) => ({ id: cell.id, seeds }));
      if (cells.length) {
        const request = { table: id, profile, cells };
        const plan = app.tables.plan(request);
        const ids = app.tables.reproduce(request);
        const labels = Object.fromEntries(
          ids.flatMap((runs, i) =>
            runs.map((run, seed) => [run, `${possible[i].row} ${possible[i].column} seed ${seed}`]),
          ),
        );
        process.stderr.write(`${announcement(plan)}\n`);
        await follow(
          app,
          ids.flat().filter((run) => app.runs.get(run).state !== 'finished'),
          labels,
        );
        process.exitCode = exitCodeOf(ids.flat().map(app.runs.get));
      }
      const state = await part();
      await writeChunks(path, pieces(resultsCsv(state)));
      print(
        options.json,
        {
          table: id,
          profile,
          csv: path,
          cells: state.results.map(jsonCell),
          contrasts: state.contrasts,
          weightsAndScore: state.weightsAndScore,
        },
        () => report(state, path),
      );
    },
    { slots },
  );
}

function chosenCells(id: string, parts: string[] | undefined): Cell[] {
  const { cells } = tableOf(id);
  if (!parts) return cells;
  const wanted = parts.flatMap((part) => part.split(','));
  // a whole id means its cell alone, though other ids may begin with it
  const isMeant = (id: string, part: string) =>
    cells.some((cell) => cell.id === part) ? id === part : id.toLowerCase().includes(part.toLowerCase());
  const chosen = cells.filter(({ id }) => wanted.some((part) => isMeant(id, part)));
  if (chosen.length > 0) return chosen;
  throw new PermafrostError(
    'notFound',
    `No cell of ${id} contains ${wanted.join(' or ')}. Cells: ${cells.map((cell) => cell.id).join(', ')}.`,
  );
}

function report(state: TableState, path: string): string {
  const { table, results, contrasts } = state;
  const rows = results.map((result) => {
    const { cell, judgement } = result;
    const ours = judgement.mean === null ? '' : numberText(judgement.mean);
    return [
      cell.row,
      cell.column,
      result.metric ?? '',
      publishedText(cell.published) + (result.onFloor ? ' *' : ''),
      result.floor ? numberText(result.floor.value) : '',
      ours,
      rangeText(judgement),
      judgement.seeds ? String(judgement.seeds) : '',
      verdictText(result),
    ];
  });
  const needs = results.filter((a) => a.needs).map((a) => `  ${a.cell.row} ${a.cell.column}: ${a.needs}`);
  const notes = [...new Set(results.flatMap((a) => a.notes))].map((note) => `  ${note}`);
  const floors = results.flatMap((a) =>
    a.onFloor
      ? [`  ${a.cell.row} ${a.cell.column}: saying ${a.floor!.predictor} gives ${numberText(a.floor!.value)}`]
      : [],
  );
  const sources = [
    ...new Set(
      results.flatMap(({ cell }) => (cell.published ? [`  ${cell.row} ${cell.column}: ${cell.published.source}`] : [])),
    ),
  ];
  const section = (title: string, lines: string[]) => (lines.length ? ['', title, ...lines] : []);
  return [
    alignColumns(['task', 'regime', 'metric', 'published', 'floor', 'ours', '95 % interval', 'seeds', 'verdict'], rows),
    ...section(
      `${table.title}. Gain (positive: better), with its 95 % interval over seeds:`,
      contrasts.map((contrast) => `  ${contrastText(contrast)}`),
    ),
    ...section(
      `${weightsAndScoreTitle}:`,
      weightsAndScoreTexts(state.weightsAndScore).map((line) => `  ${line}`),
    ),
    ...section(
      'Averages of fewer than 100 test metrics:',
      results.flatMap((a) => (a.averages === null ? [] : [`  ${a.cell.row} ${a.cell.column}: ${a.averages}`])),
    ),
    ...section(
      'Many verdicts:',
      [chanceText(state)].flatMap((text) => (text ? [`  ${text}`] : [])),
    ),
    ...section('* no better than guessing:', floors),
    ...section('Scaled down, so not compared with the published number:', notes),
    ...section('Not run here:', needs),
    ...section('Sources of the published numbers:', sources),
    '',
    `Runs are in the store (permafrost list); this table is in ${path}.`,
  ].join('\n');
}

const jsonCell = ({ cell, floor, onFloor, needs, notes, runs, averages, outlook, judgement }: CellResult) => ({
  ...cell,
  averages,
  outlook,
  floor,
  publishedOnFloor: onFloor,
  needs,
  notes,
  runs: runs.map((run) => run.id),
  ...judgement,
});

/** What will run, and what it costs. */
function announcement(plan: ReproductionPlan): string {
  const { seconds, basis, memoryBytes, diskBytes, miscounted } = plan;
  const cost = `About ${durationText(seconds)} (${basis}), ${bytesText(memoryBytes)} of memory each, ${bytesText(diskBytes)} of disk.`;
  return [
    `${planText(plan)}.`,
    ...(plan.resumed + plan.started > 0 ? [cost] : []),
    ...miscounted.map(miscountText),
  ].join('\n');
}
