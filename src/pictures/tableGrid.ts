/** The rows and columns of a table, the marks of its numbers, and a summary of its verdicts. Pure. */
import { type CellResult, type TableState, type Verdict, verdicts } from '#contract/tableState';
import { havePublished } from '#contract/tableText';

export type ShownVerdict = Verdict | 'not run here';

/** Rows and columns in the order of the paper. */
export function tableGrid({ results }: Pick<TableState, 'results'>) {
  const columns = [...new Set(results.map(({ cell }) => cell.column))];
  const rows = [...new Set(results.map(({ cell }) => cell.row))].map((row) => ({
    row,
    results: columns.map((column) => results.find(({ cell }) => cell.row === row && cell.column === column)),
    hasPaper: havePublished(results.filter(({ cell }) => cell.row === row)),
  }));
  return { columns, rows };
}

/** Marks of a published number, explained below the table. */
export const marks = {
  'second-hand': { sign: '†', means: 'second-hand: quoted from another text' },
  floor: { sign: '‡', means: 'the published number is no better than the floor' },
  open: {
    sign: '○',
    means:
      'probably cannot be confirmed with any number of seeds: a single published run, or runs that spread too widely',
  },
} as const;
export function marksOf({ cell, onFloor, outlook }: CellResult): (keyof typeof marks)[] {
  return [
    ...(cell.published?.certainty === 'second-hand' ? (['second-hand'] as const) : []),
    ...(onFloor ? (['floor'] as const) : []),
    ...(outlook && outlook.seeds === null ? (['open'] as const) : []),
  ];
}

/** The verdict of a cell, or `not run here` if it has no runs and cannot run here. */
export const shownVerdict = ({ needs, runs, judgement }: CellResult): ShownVerdict =>
  needs !== null && runs.length === 0 ? 'not run here' : judgement.verdict;

/**
 * `3 reproduced, 2 not run here`: the number of cells for each verdict, decided ones first. Without published numbers
 * `3 trained, 2 not trained yet`.
 */
export function tallyText(results: readonly CellResult[]): string {
  const isJudged = havePublished(results);
  const names = isJudged ? [...verdicts, 'not run here'] : ['trained', 'not trained yet', 'not run here'];
  const nameOf = (result: CellResult): string => {
    const verdict = shownVerdict(result);
    if (isJudged || verdict === 'not run here') return verdict;
    return result.judgement.seeds > 0 ? 'trained' : 'not trained yet';
  };
  return names
    .flatMap((name) => {
      const count = results.filter((result) => nameOf(result) === name).length;
      return count > 0 ? `${count} ${name}` : [];
    })
    .join(', ');
}
