/** The text below a table: the meaning of its numbers and marks, notes and sources. Pure. */

import { numberText } from '#contract/format';
import type { CellResult, TableState } from '#contract/tableState';
import {
  chanceText,
  havePublished,
  outlookText,
  weightsAndScoreTexts,
  weightsAndScoreTitle,
} from '#contract/tableText';
import { marks, marksOf } from './tableGrid.ts';

/** The lines of the footer. */
export function tableFooter(state: TableState): string[] {
  const { table, results } = state;
  const correlations = weightsAndScoreTexts(state.weightsAndScore);
  const used = new Set(results.flatMap(marksOf));
  const signs = (Object.keys(marks) as (keyof typeof marks)[]).filter((name) => used.has(name));
  const sources = [...new Set(results.flatMap(({ cell }) => cell.published?.source ?? []))];
  return [
    basisText(state),
    ...signs.map((name) => `${marks[name].sign} ${marks[name].means}.`),
    ...[outlookText(results), chanceText(state), table.note].flatMap((text) => text ?? []),
    ...(correlations.length ? [`${weightsAndScoreTitle}: ${correlations.join('; ')}.`] : []),
    ...notesOf(results).map((note) => `Quick: ${note}.`),
    ...(sources.length ? [`Sources: ${sources.join('; ')}.`] : []),
  ];
}

/** The last line of a picture or a print. `date` is printed unchanged. */
export const madeText = ({ profile }: Pick<TableState, 'profile'>, date: string): string =>
  `Permafrost, profile ${profile}, ${date}.`;

/** What the numbers are, and how close counts as the same. */
function basisText({ results, tolerance: { accuracy, mae } }: TableState): string {
  const allowed = `accuracy within ${numberText(100 * accuracy)} points, errors within ${numberText(100 * mae)} %`;
  const numbers = havePublished(results)
    ? 'Paper: value ± standard deviation over runs. Ours, and gains of one column over another: mean'
    : 'Each number, and gains of one column over another: mean';
  return `${numbers} (95 % interval over seeds). Tolerance of verdicts: ${allowed}.`;
}

/** Each note once; one that not every row has, with the rows that it is about. */
function notesOf(results: readonly CellResult[]): string[] {
  const rowsOf = (some: readonly CellResult[]) => [...new Set(some.map(({ cell }) => cell.row))];
  const notes = [...new Set(results.flatMap(({ notes }) => notes))];
  return notes.map((note) => {
    const rows = rowsOf(results.filter(({ notes }) => notes.includes(note)));
    return rows.length === rowsOf(results).length ? note : `${note} (${rows.join(', ')})`;
  });
}
