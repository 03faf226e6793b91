/** Judges a published table from the runs of its cells. */
import { sitsOnFloor } from '#contract/floor';
import { type Cell, type PaperTable, publishedScore, type ResultKind } from '#contract/paperTable';
import { configOf, type RunRow } from '#contract/runRow';
import type { RunServices } from '#contract/runServices';
import type { Sample } from '#contract/statistics';
import type {
  BestOfSweep,
  CellResult,
  Contrast,
  Profile,
  StepsToThreshold,
  TableState,
  Tolerance,
  WeightsAndScore,
} from '#contract/tableState';
import { compare, judgeContrast, unlike } from '#papers/contrast';
import { expand } from '#papers/expand';
import { holm } from '#papers/holm';
import { outlookOf } from '#papers/outlook';
import { rankCorrelation } from '#papers/rankCorrelation';
import { judgeSteps } from '#papers/steps';
import { peaksOf, tallyOf } from '#papers/twoPeaks';
import { judge, toleranceOf } from '#papers/verdict';
import { tasks } from '#tasks/index';

/** A cell and its runs before the verdict. */
export type UnjudgedResult = Pick<CellResult, 'cell' | 'needs' | 'notes' | 'floor' | 'runs'>;

/** Finds the first step at which a run's test metric reaches a threshold. */
type FirstStep = RunServices['firstStep'];

/** Judges every cell and every contrast of a table. */
export function judgeTable(
  table: PaperTable,
  profile: Profile,
  tolerance: Tolerance,
  known: readonly UnjudgedResult[],
  firstStep: FirstStep,
): TableState {
  const results = known.map((result) => {
    const best = bestOfSweep(result.cell, known);
    const runs = best ? known.find(({ cell }) => cell.id === best.cell)!.runs : result.runs;
    return { ...judgeResult({ ...result, runs }, profile, tolerance, firstStep), best };
  });
  const stands = holm(results.map(({ judgement }) => judgement.p));
  const contrasts = contrastsOf(table, results, profile, tolerance);
  const contrastStands = holm(contrasts.map(({ p }) => p));
  return {
    ...{ table, profile, tolerance },
    results: results.map((result, i) => ({ ...result, judgement: { ...result.judgement, stands: stands[i] } })),
    contrasts: contrasts.map((contrast, i) => ({ ...contrast, stands: contrastStands[i] })),
    weightsAndScore: table.comparesWeights ? weightsAndScoreOf(results) : [],
  };
}

/** Judges the runs of a cell against its published number. */
function judgeResult(
  known: UnjudgedResult,
  profile: Profile,
  allowed: Tolerance,
  firstStep: FirstStep,
): Omit<CellResult, 'best'> {
  const { cell, floor, runs } = known;
  const published = publishedScore(cell);
  const scaled = profile === 'quick';
  const kind = kindOf(cell, profile);
  if (kind === 'steps') {
    const steps = stepsOf(runs, allowed.threshold ?? cell.threshold!, firstStep);
    const judgement = judgeSteps(cell.published, steps, scaled);
    return { ...known, onFloor: false, metric: 'steps', averages: null, outlook: null, steps, judgement };
  }
  const tolerance = published ? toleranceOf(published, allowed) : undefined;
  const options = { floor, tolerance, twoPeaked: isTwoPeaked(cell) };
  const outlook = published && !scaled ? outlookOf(published, options) : null;
  const judgement = judge(published, samplesOf(runs, kind), { scaled, ...options });
  return {
    ...known,
    onFloor: published !== null && floor !== null && sitsOnFloor(published, floor, tolerance!),
    metric: published?.metric ?? runs[0]?.metric ?? null,
    averages: averagesOf(runs, kind),
    outlook,
    steps: null,
    // without two seeds there is no spread of our own, so the outlook from the published spread gives the number of seeds
    judgement:
      judgement.seeds < 2 && outlook?.seeds ? { ...judgement, moreSeeds: outlook.seeds - judgement.seeds } : judgement,
  };
}

/** The first step at which each finished run reached the threshold. */
const stepsOf = (runs: readonly RunRow[], threshold: number, firstStep: FirstStep): StepsToThreshold => ({
  threshold,
  runs: finished(runs).flatMap((row) => {
    const { id, metric, step } = row;
    const every = configOf(row).steps_per_iter;
    return metric ? [{ id, step: firstStep(id, metric, threshold), of: step, every }] : [];
  }),
});

/**
 * The best cell of a sweep. Its score is the best test metric during training, averaged over its finished runs. Null for a cell
 * outside a sweep, and until a run of the sweep is finished.
 */
function bestOfSweep({ bestOf }: Cell, known: readonly UnjudgedResult[]): BestOfSweep | null {
  const tried = known.flatMap(({ cell, runs }) => {
    const values = bestOf.includes(cell.id) ? finished(runs).flatMap(({ best }) => best ?? []) : [];
    if (values.length === 0) return [];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [{ cell, score: runs[0].metric === 'mae' ? -mean : mean }];
  });
  if (tried.length === 0) return null;
  const { cell } = tried.reduce((best, other) => (other.score > best.score ? other : best));
  const settings = Object.fromEntries(cell.swept.map((field) => [field, cell.params[field]]));
  return { cell: cell.id, settings, tried: tried.length, of: bestOf.length };
}

/** For each column, trained weights and score of its bodies and their rank correlation, published and ours. */
function weightsAndScoreOf(results: readonly CellResult[]): WeightsAndScore[] {
  return [...new Set(results.map(({ cell }) => cell.column))].map((column) => {
    const own = results.filter(({ cell }) => cell.column === column);
    const metric = own.some((result) => result.metric === 'mae') ? 'mae' : 'accuracy';
    const points = own.flatMap(({ cell: { row, published }, runs, judgement }) => {
      const point = (of: 'published' | 'ours', trained: number | null | undefined, score: number | null | undefined) =>
        trained == null || score == null || !Number.isFinite(score) ? [] : [{ row, of, trained, score }];
      return [
        ...point('published', published?.trainable, published?.value),
        ...point('ours', runs[0]?.trainable, judgement.mean),
      ];
    });
    const correlate = (side: 'published' | 'ours') =>
      rankCorrelation(
        points.flatMap(({ of, trained, score }) =>
          of === side ? { x: trained, y: metric === 'mae' ? -score : score } : [],
        ),
      );
    return { column, metric, points, published: correlate('published'), ours: correlate('ours') };
  });
}

/** The difference of each pair of columns, row by row; not compared if the pair differs in more than the table's question. */
function contrastsOf(
  { contrasts, varies }: PaperTable,
  results: readonly CellResult[],
  profile: Profile,
  allowed: Tolerance,
): Contrast[] {
  const at = (row: string, column: string) => results.find(({ cell }) => cell.row === row && cell.column === column);
  const contrast = (row: string, [column, other]: [string, string]): Contrast[] => {
    const [ours, theirs] = [at(row, column), at(row, other)];
    if (!ours || !theirs || ours.cell.beyond || theirs.cell.beyond) return [];
    const metric = ours.metric ?? theirs.metric;
    if (metric === 'steps' || theirs.metric === 'steps') return []; // a mean would leave out runs that miss the threshold
    const named = { row, columns: `${column} over ${other}`, metric, stands: null };
    const differing = unlikeCells(ours.cell, theirs.cell, profile, varies);
    if (differing.length > 0)
      return [{ ...named, verdict: 'not compared', difference: null, unlike: differing, p: null, tolerance: null }];
    const kind = kindOf(ours.cell, profile);
    const [a, b] = [samplesOf(ours.runs, kind), samplesOf(theirs.runs, kind)];
    const difference = named.metric && compare(a, b, named.metric);
    if (!difference) return [];
    const mean = b.reduce((sum, { value }) => sum + value, 0) / b.length;
    const tolerance = named.metric === 'mae' ? allowed.mae * mean : allowed.accuracy;
    const values = [a, b].map((samples) => samples.map(({ value }) => value));
    const peaks = peaksOf(values.flat(), named.metric!, ours.floor, tolerance, isTwoPeaked(ours.cell));
    const tallies = peaks && ([tallyOf(values[0], peaks), tallyOf(values[1], peaks)] as const);
    return [{ ...named, ...judgeContrast(difference, tolerance, tallies), difference, unlike: [], tolerance }];
  };
  const isTry = ({ swept, bestOf }: Cell) => swept.length > 0 && bestOf.length === 0; // contrasts use only the best of a sweep
  const rows = [...new Set(results.flatMap(({ cell }) => (isTry(cell) ? [] : cell.row)))];
  return rows.flatMap((row) => contrasts.flatMap((pair) => contrast(row, pair)));
}

/** The differences between two cells beyond the question of their table: settings, and which number of a run counts. */
function unlikeCells(ours: Cell, theirs: Cell, profile: Profile, varies: PaperTable['varies']): string[] {
  const [a, b] = [ours, theirs].map((cell) => expand(cell, profile, [0]).configs[0]);
  const kinds = [ours, theirs].map((cell) => kindOf(cell, profile));
  return [
    ...unlike(a, b, varies),
    ...(kinds[0] === kinds[1] ? [] : [`${resultText[kinds[0]]} against ${resultText[kinds[1]]}`]),
  ];
}

const resultText: Record<ResultKind, string> = {
  final: 'final evaluation',
  last100: 'mean of the last 100',
  steps: 'steps to a threshold',
};

const finished = (runs: readonly RunRow[]): RunRow[] => runs.filter(({ state }) => state === 'finished');

/** Results of finished runs. */
const samplesOf = (runs: readonly RunRow[], kind: ResultKind): Sample[] =>
  finished(runs).flatMap((row) => {
    const { standardError, seed } = row;
    const value = kind === 'last100' ? row.recent : row.value;
    return value !== null && standardError !== null ? [{ value, standardError, seed }] : [];
  });

/** Which number of a run counts for the cell. Runs of the quick profile are too short for a mean of the last 100 metrics. */
const kindOf = ({ resultIs }: Cell, profile: Profile): ResultKind =>
  profile === 'quick' && resultIs === 'last100' ? 'final' : resultIs;

/** The smallest number of test metrics that a run's mean of the last 100 averages; null if all runs have 100. */
function averagesOf(runs: readonly RunRow[], kind: ResultKind): number | null {
  if (kind !== 'last100') return null;
  const counts = finished(runs).map((row) => Math.floor(row.step / configOf(row).steps_per_iter));
  const fewest = Math.min(...counts);
  return fewest < 100 ? fewest : null;
}

const isTwoPeaked = ({ params }: Cell): boolean => tasks[params.task ?? '']?.twoPeaked === true;
