/** The cells that each button of the page trains, and the number of seeds of each. Pure. */

import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { CellResult, ReproduceRequest } from '#contract/tableState';

type Cells = ReproduceRequest['cells'];

/** The error rates of verdicts were simulated for adding seeds up to this number. */
const mostSeeds = 10;

/** Running or queued. */
export const isActive = ({ state }: RunRow): boolean => !restingStates.includes(state);
/** Ended or paused without a result. */
export const isUnfinished = ({ state }: RunRow): boolean => restingStates.includes(state) && state !== 'finished';

/** The runs of a table without duplicates, since cells may share runs. */
export const runsOf = (results: readonly CellResult[]): RunRow[] => [
  ...new Map(results.flatMap(({ runs }) => runs.map((run) => [run.id, run]))).values(),
];

/** The number of seeds 0, 1, 2 … that have a run, up to the first seed without one. */
export function seedsBegun({ runs }: Pick<CellResult, 'runs'>): number {
  const seeds = new Set(runs.map(({ seed }) => seed));
  let count = 0;
  while (seeds.has(count)) count++;
  return count;
}

const possible = (results: readonly CellResult[]): CellResult[] => results.filter(({ needs }) => needs === null);
const bring = (results: readonly CellResult[], seeds: (result: CellResult) => number): Cells =>
  results.map((result) => ({ id: result.cell.id, seeds: seeds(result) }));

/** The number of seeds that the user wants for every cell; null: each cell's own number. */
export type WantedSeeds = number | null;

export const seedsOf = ({ cell }: Pick<CellResult, 'cell'>, wanted: WantedSeeds): number => wanted ?? cell.seeds;

/** Every cell that can run here. */
export const everyCell = (results: readonly CellResult[], wanted: WantedSeeds): Cells =>
  bring(possible(results), (result) => seedsOf(result, wanted));

/** Cells in which some seed has no run. */
export const missingCells = (results: readonly CellResult[], wanted: WantedSeeds): Cells =>
  everyCell(
    results.filter((result) => seedsBegun(result) < seedsOf(result, wanted)),
    wanted,
  );

/** Cells that more seeds can decide, with the number of seeds that this probably takes. */
export function undecidedCells(results: readonly CellResult[]): Cells {
  const more = ({ judgement, runs }: CellResult) =>
    judgement.seeds > 0 && judgement.moreSeeds !== null && !runs.some(isActive);
  const seeds = (result: CellResult) => Math.min(mostSeeds, seedsBegun(result) + result.judgement.moreSeeds!);
  return bring(
    possible(results).filter((result) => more(result) && seeds(result) > seedsBegun(result)),
    seeds,
  );
}

/** Cells with unfinished runs among the wanted seeds. */
export function unfinishedCells(results: readonly CellResult[], wanted: WantedSeeds): Cells {
  const last = (result: CellResult) =>
    Math.max(
      -1,
      ...result.runs
        .filter((run) => isUnfinished(run) && run.seed < Math.max(seedsOf(result, wanted), seedsBegun(result)))
        .map((run) => run.seed),
    );
  return bring(
    possible(results).filter((result) => last(result) >= 0),
    (result) => last(result) + 1,
  );
}

/** Cells with active runs, to estimate the remaining time. */
export const busyCells = (results: readonly CellResult[]): Cells =>
  possible(results).flatMap((result) => {
    const seeds = result.runs.filter((run) => isActive(run) && run.seed < 100).map((run) => run.seed);
    return seeds.length ? [{ id: result.cell.id, seeds: Math.max(...seeds) + 1 }] : [];
  });
