/** Which cells a button of the page means, and to how many seeds it brings each. Pure. */
import type { Answer, Wish } from '#contract/papers';
import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';

type Cells = Wish['cells'];

/** Verdicts were simulated with seeds added and judged again up to so many. */
const mostSeeds = 10;

export const isUnderWay = ({ state }: RunRow): boolean => !restingStates.includes(state);
/** Rests and has no result. */
export const isUnfinished = ({ state }: RunRow): boolean => restingStates.includes(state) && state !== 'finished';

/** The runs of a table, each once: cells may share them. */
export const runsOf = (answers: readonly Answer[]): RunRow[] => [
  ...new Map(answers.flatMap(({ runs }) => runs.map((run) => [run.id, run]))).values(),
];

/** How many of the seeds 0, 1, 2 … have a run, up to the first that has none. */
export function seedsBegun({ runs }: Pick<Answer, 'runs'>): number {
  const seeds = new Set(runs.map(({ seed }) => seed));
  let count = 0;
  while (seeds.has(count)) count++;
  return count;
}

const possible = (answers: readonly Answer[]): Answer[] => answers.filter(({ needs }) => needs === null);
const bring = (answers: readonly Answer[], seeds: (answer: Answer) => number): Cells =>
  answers.map((answer) => ({ id: answer.cell.id, seeds: seeds(answer) }));

/** Every cell that can run here. */
export const everyCell = (answers: readonly Answer[], seeds: number): Cells => bring(possible(answers), () => seeds);

/** Those of which some seed has no run. */
export const missingCells = (answers: readonly Answer[], seeds: number): Cells =>
  everyCell(
    answers.filter((answer) => seedsBegun(answer) < seeds),
    seeds,
  );

/** Those that could be decided by more seeds, with as many as that probably takes. */
export function undecidedCells(answers: readonly Answer[]): Cells {
  const more = ({ judgement, runs }: Answer) =>
    judgement.seeds > 0 && judgement.moreSeeds !== null && !runs.some(isUnderWay);
  const seeds = (answer: Answer) => Math.min(mostSeeds, seedsBegun(answer) + answer.judgement.moreSeeds!);
  return bring(
    possible(answers).filter((answer) => more(answer) && seeds(answer) > seedsBegun(answer)),
    seeds,
  );
}

/** Those with runs that ended without a result, of the seeds that the table asks for. */
export function unfinishedCells(answers: readonly Answer[], seeds: number): Cells {
  const last = (answer: Answer) =>
    Math.max(
      -1,
      ...answer.runs
        .filter((run) => isUnfinished(run) && run.seed < Math.max(seeds, seedsBegun(answer)))
        .map((run) => run.seed),
    );
  return bring(
    possible(answers).filter((answer) => last(answer) >= 0),
    (answer) => last(answer) + 1,
  );
}

/** Those that train or wait, for asking how long they take. */
export const busyCells = (answers: readonly Answer[]): Cells =>
  possible(answers).flatMap((answer) => {
    const seeds = answer.runs.filter((run) => isUnderWay(run) && run.seed < 100).map((run) => run.seed);
    return seeds.length ? [{ id: answer.cell.id, seeds: Math.max(...seeds) + 1 }] : [];
  });
