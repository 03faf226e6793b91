/** Sentences about a table, computed from the verdicts on its contrasts. */
import type { Contrast, ContrastVerdict } from './tableState.ts';
import { gainText, rangeText } from './tableText.ts';

/** The words before the rows of a verdict: at the start of a sentence that compares `a` with `b`, and after another verdict. */
const clauses: { verdict: ContrastVerdict; first(a: string, b: string): string; later: string }[] = [
  { verdict: 'helps', first: (a, b) => `${a} does better than ${b} on`, later: 'does better than it on' },
  { verdict: 'harms', first: (a, b) => `${a} does worse than ${b} on`, later: 'does worse than it on' },
  {
    verdict: 'no difference',
    first: (a, b) => `${a} does as well as ${b}, within the tolerance, on`,
    later: 'does as well as it, within the tolerance, on',
  },
  {
    verdict: "can't tell yet",
    first: (a, b) => `No decision yet between ${a} and ${b} on`,
    later: 'no decision yet on',
  },
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
    const found = clauses.flatMap(({ verdict, ...words }) => {
      const rows = compared.filter((contrast) => contrast.verdict === verdict).map(rowText);
      return rows.length > 0 ? [{ verdict, rows, ...words }] : [];
    });
    if (found.length === 0) return [];
    const parts = found.map(({ first, later, rows }, i) => `${i === 0 ? first(column, other) : later} ${list(rows)}`);
    const isMixed =
      found.some(({ verdict }) => verdict === 'helps') && found.some(({ verdict }) => verdict === 'harms');
    return [`${parts.join('; ')}.${isMixed ? ' Which of them is better depends on the row.' : ''}`];
  });
}

const rowText = ({ row, difference, stands }: Contrast): string => {
  const doubt = stands === false ? ', not after Holm’s correction' : '';
  return difference ? `${row} (${gainText(difference)}, ${rangeText(difference)}${doubt})` : row;
};

const list = (rows: readonly string[]): string =>
  rows.length < 2 ? rows.join('') : `${rows.slice(0, -1).join(', ')} and ${rows.at(-1)}`;
