/** The text below a picture of a table: the meaning of its marks, notes and sources. Pure. */

import { numberText } from '#contract/format';
import type { TableState } from '#contract/tableState';
import { chanceText, outlookText, weightsAndScoreTexts, weightsAndScoreTitle } from '#contract/tableText';
import { marks, marksOf } from './tableGrid.ts';

/** The tolerance as text. */
export const allowedText = ({ accuracy, mae }: TableState['tolerance']): string =>
  `accuracy within ${numberText(100 * accuracy)} points, errors within ${numberText(100 * mae)} %`;

/** The lines of the footer. `date` is printed unchanged. */
export function tableFooter(state: TableState, date: string): string[] {
  const { table, profile, tolerance, results } = state;
  const used = new Set(results.flatMap(marksOf));
  const sources = [...new Set(results.flatMap(({ cell }) => cell.published?.source ?? []))];
  return [
    `Paper: value ± standard deviation over runs. Ours, and gains of one column over another: mean (95 % interval over seeds). Tolerance of verdicts: ${allowedText(tolerance)}.`,
    ...[...used].map((name) => `${marks[name].sign} ${marks[name].means}.`),
    ...[outlookText(results), chanceText(state), table.note].flatMap((text) => text ?? []),
    ...weightsAndScoreTexts(state.weightsAndScore).map((text) => `${weightsAndScoreTitle}: ${text}.`),
    ...new Set(results.flatMap(({ notes }) => notes)),
    ...(sources.length ? [`Sources: ${sources.join('; ')}.`] : []),
    `Permafrost, profile ${profile}, ${date}.`,
  ];
}
