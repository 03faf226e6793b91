/** A table as rows × columns, its marks and its verdicts. Pure. */
import { type Answer, type TableState, type Verdict, verdicts } from '#contract/papers';

export type ShownVerdict = Verdict | 'not run here';

/** Rows and columns in the order of the paper. */
export function tableGrid({ answers }: Pick<TableState, 'answers'>) {
  const columns = [...new Set(answers.map(({ cell }) => cell.column))];
  const rows = [...new Set(answers.map(({ cell }) => cell.row))].map((row) => ({
    row,
    answers: columns.map((column) => answers.find(({ cell }) => cell.row === row && cell.column === column)),
  }));
  return { columns, rows };
}

/** Marks of a published number, explained below the table. */
export const marks = {
  'second-hand': { sign: '†', means: 'second-hand: as another text quotes the publication' },
  floor: { sign: '‡', means: 'the published number is no better than guessing' },
  open: {
    sign: '○',
    means: 'no number of seeds is likely to confirm it: a single published run, or runs that spread too widely',
  },
} as const;
export function marksOf({ cell, onFloor, outlook }: Answer): (keyof typeof marks)[] {
  return [
    ...(cell.published?.certainty === 'second-hand' ? (['second-hand'] as const) : []),
    ...(onFloor ? (['floor'] as const) : []),
    ...(outlook && outlook.seeds === null ? (['open'] as const) : []),
  ];
}

/** The verdict of a cell, or `not run here` when nothing ran and nothing can run. */
export const shownVerdict = ({ needs, runs, judgement }: Answer): ShownVerdict =>
  needs !== null && runs.length === 0 ? 'not run here' : judgement.verdict;

/** How many cells have which verdict, the decided ones first. */
export function verdictTally(answers: readonly Answer[]): [ShownVerdict, number][] {
  const names: ShownVerdict[] = [...verdicts, 'not run here'];
  return names
    .map((name): [ShownVerdict, number] => [name, answers.filter((answer) => shownVerdict(answer) === name).length])
    .filter(([, count]) => count > 0);
}
