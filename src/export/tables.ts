/** Writes a published table with our results as CSV, with a record for each cell or each run, and as a document. */
import { conclusionTexts } from '#contract/conclusions';
import { numberText } from '#contract/format';
import type { Published } from '#contract/paperTable';
import type { Run } from '#contract/run';
import type { CellResult, TableState, Tolerance } from '#contract/tableState';
import {
  bestText,
  chanceText,
  contrastText,
  floorText,
  havePublished,
  publishedText,
  rangeText,
  thresholdText,
  unreachedText,
  verdictText,
  weightsAndScoreTexts,
  weightsAndScoreTitle,
} from '#contract/tableText';
import { type CsvValue, csvLine, joined } from '#formats/csv';
import { runHeader, runRecord } from './csv.ts';
import { type Document, footnotes, plain } from './document.ts';

/** A header, then a record for each cell. */
export function* resultsCsv({ results, profile }: TableState): Generator<string> {
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
    'p',
    'stands',
    'seeds_to_confirm',
    'averages',
    'threshold',
    'unreached',
    'best_of_sweep',
    'tolerance',
    'runs',
    'notes',
    'needs',
  ]);
  for (const result of results) {
    const { cell, floor, onFloor, needs, notes, metric, runs, averages, outlook, steps, best, judgement: j } = result;
    const p = cell.published;
    const values: CsvValue[] = [cell.id, cell.row, cell.column, profile, metric];
    values.push(p?.value ?? null, p?.spread ?? null, p?.runs ?? null, p?.source ?? null, p?.certainty ?? null);
    values.push(
      floor?.value ?? null,
      p ? String(onFloor) : null,
      j.mean,
      j.low,
      j.high,
      j.seeds,
      needs ? 'not run' : j.verdict,
      j.moreSeeds,
      j.p,
      j.stands === null ? null : String(j.stands),
      outlook?.seeds ?? null,
      averages,
      steps?.threshold ?? null,
      steps ? steps.runs.filter(({ step }) => step === null).length : null,
      best?.cell ?? null,
      j.tolerance,
      joined(
        runs.map((run) => run.id),
        ' ',
      ),
      joined(notes, '; '),
      needs,
    );
    yield csvLine(values);
  }
}

/** A header, then a record for each run of each cell: the cell, then the columns of runs.csv. */
export function* resultRunsCsv({ results, profile }: TableState, runOf: (id: string) => Run): Generator<string> {
  yield csvLine(['cell', 'row', 'column', 'profile', ...runHeader]);
  for (const { cell, runs } of results)
    for (const { id } of runs) yield csvLine([cell.id, cell.row, cell.column, profile, ...runRecord(runOf(id))]);
}

const toleranceText = ({ accuracy, mae, threshold }: Tolerance): string =>
  `${numberText(accuracy)} in accuracy, ${numberText(100 * mae)} % of a published error${threshold === undefined ? '' : `; steps to ${numberText(threshold)}`}`;

const sourceText = ({ source, certainty, note }: Published): string =>
  [certainty === 'read' ? source : `${source} (second-hand)`, ...(note ? [note] : [])].join('. ');

/** The table as a document. `date` is printed unchanged. */
export function tableDocument(state: TableState, date: string): Document {
  const { table, profile, tolerance, results, contrasts } = state;
  const sources = footnotes();
  const marked = (texts: Published[]) => texts.map((published) => sources.mark(sourceText(published)));
  const hasOthers = results.some(({ cell }) => cell.beside.length > 0);
  const hasPaper = havePublished(results);
  const rows = results.map((result) => {
    const { cell, onFloor, metric } = result;
    const published = {
      text: publishedText(cell.published) + (onFloor ? ' *' : ''),
      marks: marked(cell.published ? [cell.published] : []),
    };
    const others = { text: cell.beside.map(publishedText).join('; '), marks: marked(cell.beside) };
    return [
      ...[plain(cell.row), plain(cell.column), plain(thresholdText(result) || (metric ?? ''))],
      ...(hasPaper ? [published] : []),
      ...(hasOthers ? [others] : []),
      ...[plain(floorText(result)), plain(oursText(result))],
      ...(hasPaper ? [plain(verdictText(result))] : []),
    ];
  });
  const lines = (of: (result: CellResult) => string | false | null) => [
    ...new Set(results.flatMap((result) => of(result) || [])),
  ];
  const name = ({ cell }: CellResult) => `${cell.row} ${cell.column}`;
  const sections = [
    { title: 'Gain (positive: better), with its 95 % interval over seeds', lines: contrasts.map(contrastText) },
    { title: 'Conclusions', lines: conclusionTexts(contrasts) },
    { title: weightsAndScoreTitle, lines: weightsAndScoreTexts(state.weightsAndScore) },
    {
      title: 'Threshold not reached, so no mean of steps',
      lines: lines((a) => unreachedText(a) && `${name(a)}: ${unreachedText(a)}`),
    },
    { title: 'Best of a sweep', lines: lines((a) => bestText(a) && `${name(a)}: ${bestText(a)}`) },
    {
      title: 'Averages of fewer than 100 test metrics',
      lines: lines((a) => a.averages !== null && `${name(a)}: ${a.averages}`),
    },
    {
      title: '* published number no better than the floor',
      lines: lines((a) => a.onFloor && `${name(a)}: floor ${numberText(a.floor!.value)} (${a.floor!.predictor})`),
    },
    { title: 'Scaled down, so not compared with the published number', lines: lines((a) => a.notes.join('; ')) },
    { title: 'Not run', lines: lines((a) => a.needs && `${name(a)}: ${a.needs}`) },
    { title: 'Many verdicts', lines: [chanceText(state)].flatMap((text) => text ?? []) },
    { title: 'Note', lines: table.note ? [table.note] : [] },
  ];
  return {
    id: `${table.id}-${profile}`,
    title: table.title,
    caption: `Profile ${profile}; tolerance ${toleranceText(tolerance)}; ${date}.`,
    header: [
      ...[column('Row'), column('Column'), column('Metric')],
      ...(hasPaper ? [column('Published', true)] : []),
      ...(hasOthers ? [column('Others', true)] : []),
      ...[column('Floor', true), column('Ours (95 % interval, seeds)', true)],
      ...(hasPaper ? [column('Verdict')] : []),
    ],
    rows,
    footnotes: sources.texts,
    sections: sections.filter((section) => section.lines.length > 0),
  };
}

const column = (text: string, isNumber = false) => ({ text, isNumber });

function oursText(result: CellResult): string {
  const { judgement } = result;
  const { mean, seeds } = judgement;
  return mean === null ? unreachedText(result) && '–' : `${numberText(mean)} (${rangeText(judgement)}, n = ${seeds})`;
}
