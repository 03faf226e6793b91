/** Sentences about a table, computed from the verdicts on its contrasts. */
import type { Contrast, ContrastVerdict } from './tableState.ts';
import { gainText, rangeText } from './tableText.ts';

/** For each verdict, the words of a conclusion between its first column and its rows; `it` is the other column. */
const clauses: [ContrastVerdict, (it: string) => string][] = [
  ['helps', (it) => `does better than ${it} on`],
  ['harms', (it) => `does worse than ${it} on`],
  ['no difference', (it) => `does as well as ${it}, within the tolerance, on`],
  ["can't tell yet", (it) => `cannot be told from ${it} yet on`],
];

/**
 * One or two sentences for each pair of columns that was compared, with every row's gain and its 95 % interval, such as
 * "FPT does better than FRT on bit-memory (+0.09, 0.07 … 0.11)." Rows whose columns are not comparable are left out.
 */
export function conclusionTexts(contrasts: readonly Contrast[]): string[] {
  const pairs = new Set(contrasts.map(({ columns }) => columns));
  return [...pairs].flatMap((columns) => {
    const [column, other] = columns.split(' over ');
    const compared = contrasts.filter((contrast) => contrast.columns === columns);
    const found = clauses.flatMap(([verdict, clause]) => {
      const rows = compared.filter((contrast) => contrast.verdict === verdict).map(rowText);
      return rows.length > 0 ? [{ verdict, rows, clause }] : [];
    });
    if (found.length === 0) return [];
    const parts = found.map(({ clause, rows }, i) => `${clause(i === 0 ? other : 'it')} ${list(rows)}`);
    const isMixed =
      found.some(({ verdict }) => verdict === 'helps') && found.some(({ verdict }) => verdict === 'harms');
    return [`${column} ${parts.join('; ')}.${isMixed ? ' Which of them is better depends on the row.' : ''}`];
  });
}

const rowText = ({ row, difference, stands }: Contrast): string => {
  const doubt = stands === false ? ', not after Holm’s correction' : '';
  return difference ? `${row} (${gainText(difference)}, ${rangeText(difference)}${doubt})` : row;
};

const list = (rows: readonly string[]): string =>
  rows.length < 2 ? rows.join('') : `${rows.slice(0, -1).join(', ')} and ${rows.at(-1)}`;
