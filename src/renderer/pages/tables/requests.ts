/** Which cells a button of the page means, and to how many seeds it brings each. Pure. */

import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { CellResult, ReproduceRequest } from '#contract/tableState';

type Cells = ReproduceRequest['cells'];

/** Verdicts were simulated with seeds added and judged again up to this many. */
const mostSeeds = 10;

export const isUnderWay = ({ state }: RunRow): boolean => !restingStates.includes(state);
/** Rests and has no result. */
export const isUnfinished = ({ state }: RunRow): boolean => restingStates.includes(state) && state !== 'finished';

/** The runs of a table, each once: cells may share them. */
export const runsOf = (results: readonly CellResult[]): RunRow[] => [
  ...new Map(results.flatMap(({ runs }) => runs.map((run) => [run.id, run]))).values(),
];

/** How many of the seeds 0, 1, 2 … have a run, up to the first that has none. */
export function seedsBegun({ runs }: Pick<CellResult, 'runs'>): number {
  const seeds = new Set(runs.map(({ seed }) => seed));
  let count = 0;
  while (seeds.has(count)) count++;
  return count;
}

const possible = (results: readonly CellResult[]): CellResult[] => results.filter(({ needs }) => needs === null);
const bring = (results: readonly CellResult[], seeds: (result: CellResult) => number): Cells =>
  results.map((result) => ({ id: result.cell.id, seeds: seeds(result) }));

/** Seeds that somebody wants for every cell; null: as many as each cell says. */
export type WantedSeeds = number | null;

export const seedsOf = ({ cell }: Pick<CellResult, 'cell'>, wanted: WantedSeeds): number => wanted ?? cell.seeds;

/** Every cell that can run here. */
export const everyCell = (results: readonly CellResult[], wanted: WantedSeeds): Cells =>
  bring(possible(results), (result) => seedsOf(result, wanted));

/** Those of which some seed has no run. */
export const missingCells = (results: readonly CellResult[], wanted: WantedSeeds): Cells =>
  everyCell(
    results.filter((result) => seedsBegun(result) < seedsOf(result, wanted)),
    wanted,
  );

/** Those that could be decided by more seeds, with as many as that probably takes. */
export function undecidedCells(results: readonly CellResult[]): Cells {
  const more = ({ judgement, runs }: CellResult) =>
    judgement.seeds > 0 && judgement.moreSeeds !== null && !runs.some(isUnderWay);
  const seeds = (result: CellResult) => Math.min(mostSeeds, seedsBegun(result) + result.judgement.moreSeeds!);
  return bring(
    possible(results).filter((result) => more(result) && seeds(result) > seedsBegun(result)),
    seeds,
  );
}

/** Those with runs that ended without a result, of the seeds that the table asks for. */
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

/** Those that train or wait, for asking how long they take. */
export const busyCells = (results: readonly CellResult[]): Cells =>
  possible(results).flatMap((result) => {
    const seeds = result.runs.filter((run) => isUnderWay(run) && run.seed < 100).map((run) => run.seed);
    return seeds.length ? [{ id: result.cell.id, seeds: Math.max(...seeds) + 1 }] : [];
  });
