/** Published tables over the run store: what answers them here, and starting what is missing. */
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { sitsOnFloor } from '#contract/floor';
import {
  type Answer,
  type Contrast,
  defaultTolerance,
  type OnFloor,
  type Plan,
  type Profile,
  type TableServices,
  type TableState,
  type Tolerance,
  type WeightsAndScore,
  type Wish,
} from '#contract/papers';
import type { Cell, PaperTable, ResultKind } from '#contract/paperTable';
import { configOf, type RunRow } from '#contract/runRow';
import type { Services } from '#contract/services';
import type { Sample } from '#contract/statistics';
import { compare, judgeContrast, unlike } from '#papers/contrast';
import { type Available, expand, missing } from '#papers/expand';
import { holm } from '#papers/holm';
import { outlookOf } from '#papers/outlook';
import { tableOf, tables } from '#papers/published';
import { rankCorrelation } from '#papers/rankCorrelation';
import { peaksOf, tallyOf } from '#papers/twoPeaks';
import { judge, toleranceOf } from '#papers/verdict';
import { tasks } from '#tasks/index';
import { type StandingRuns, standingRuns, stepFor } from './standingRuns.ts';

type App = Pick<Services, 'runs' | 'queue' | 'config' | 'data'>;

const finished = (runs: readonly RunRow[]): RunRow[] => runs.filter(({ state }) => state === 'finished');

/** Results of finished runs. */
const samplesOf = (runs: readonly RunRow[], kind: ResultKind): Sample[] =>
  finished(runs).flatMap((row) => {
    const { standardError, seed } = row;
    const value = kind === 'last100' ? row.recent : row.value;
    return value !== null && standardError !== null ? [{ value, standardError, seed }] : [];
  });

/** The number of a run that stands for the cell. Runs of the quick profile are short, so only their final evaluation counts. */
const kindOf = ({ resultIs }: Cell, profile: Profile): ResultKind => (profile === 'quick' ? 'final' : resultIs);

/** Test metrics that a mean of the last 100 rests on, in the run that has fewest; null where all have 100. */
function averagesOf(runs: readonly RunRow[], kind: ResultKind): number | null {
  if (kind !== 'last100') return null;
  const counts = finished(runs).map((row) => Math.floor(row.step / configOf(row).steps_per_iter));
  const fewest = Math.min(...counts);
  return fewest < 100 ? fewest : null;
}

const isTwoPeaked = ({ params }: Cell): boolean => tasks[params.task ?? '']?.twoPeaked === true;

type KnownAnswer = Pick<Answer, 'cell' | 'needs' | 'notes' | 'floor' | 'runs'>;

/** Adds to what answers a cell what it says. */
function judgedAnswer(known: KnownAnswer, profile: Profile, allowed: Tolerance): Answer {
  const { cell, floor, runs } = known;
  const { published } = cell;
  const scaled = profile === 'quick';
  const tolerance = published ? toleranceOf(published, allowed) : undefined;
  const kind = kindOf(cell, profile);
  const options = { floor, tolerance, twoPeaked: isTwoPeaked(cell) };
  const outlook = published && !scaled ? outlookOf(published, options) : null;
  const judgement = judge(published, samplesOf(runs, kind), { scaled, ...options });
  return {
    ...known,
    onFloor: published !== null && floor !== null && sitsOnFloor(published, floor, tolerance!),
    metric: published?.metric ?? runs[0]?.metric ?? null,
    averages: averagesOf(runs, kind),
    outlook,
    // with fewer than two seeds nothing is known of ours, so the published spread says how many it takes
    judgement:
      judgement.seeds < 2 && outlook?.seeds ? { ...judgement, moreSeeds: outlook.seeds - judgement.seeds } : judgement,
  };
}

/** A table with the verdicts that its runs give. */
export function judgedTable(
  table: PaperTable,
  profile: Profile,
  tolerance: Tolerance,
  known: readonly KnownAnswer[],
): TableState {
  const answers = known.map((answer) => judgedAnswer(answer, profile, tolerance));
  const stands = holm(answers.map(({ judgement }) => judgement.p));
  const contrasts = contrastsOf(table, answers, profile, tolerance);
  const contrastStands = holm(contrasts.map(({ p }) => p));
  return {
    ...{ table, profile, tolerance },
    answers: answers.map((answer, i) => ({ ...answer, judgement: { ...answer.judgement, stands: stands[i] } })),
    contrasts: contrasts.map((contrast, i) => ({ ...contrast, stands: contrastStands[i] })),
    weightsAndScore: table.comparesWeights ? weightsAndScoreOf(answers) : [],
  };
}

/** Per column, how the trained weights of its bodies go with their score, published and ours. */
function weightsAndScoreOf(answers: readonly Answer[]): WeightsAndScore[] {
  return [...new Set(answers.map(({ cell }) => cell.column))].map((column) => {
    const own = answers.filter(({ cell }) => cell.column === column);
    const point = (weights: number | null | undefined, score: number | null | undefined, { metric }: Answer) =>
      weights == null || score == null ? [] : { x: weights, y: metric === 'mae' ? -score : score };
    return {
      column,
      published: rankCorrelation(own.flatMap((a) => point(a.cell.published?.trainable, a.cell.published?.value, a))),
      ours: rankCorrelation(own.flatMap((a) => point(a.runs[0]?.trainable, a.judgement.mean, a))),
    };
  });
}

export function tableServices(app: App, have: Available): TableServices {
  /** What guessing reaches on the cell's test set; null where that is not known here. */
  const floorOf = async (config: ExperimentConfig | undefined) =>
    config && have.task(config.task) ? app.data.floor(config) : null;

  async function answer(cell: Cell, profile: Profile, standing: StandingRuns): Promise<KnownAnswer> {
    const needs = missing(cell, profile, have);
    const { configs, notes } = expand(cell, profile, [0]);
    const floor = await floorOf(configs[0]); // the published number has one, whether ours can run or not
    return needs
      ? { cell, needs, notes: [], floor, runs: [] }
      : { cell, needs, notes, floor, runs: configs.flatMap(standing.seeds) };
  }

  /** The configs that a wish means, by cell. */
  function wanted({ table, profile, cells }: Wish): { cell: Cell; configs: ExperimentConfig[] }[] {
    const { cells: all } = tableOf(table);
    return cells.map(({ id, seeds }) => {
      const cell = all.find((other) => other.id === id);
      if (!cell) {
        const ids = all.map((other) => other.id).join(', ');
        throw new PermafrostError('notFound', `${table} has no cell ${id}. Cells: ${ids}.`);
      }
      const needs = missing(cell, profile, have);
      if (needs) throw new PermafrostError('config', `${id} cannot run here: ${needs}.`);
      const numbers = Array.from({ length: seeds }, (_, seed) => seed);
      return { cell, configs: expand(cell, profile, numbers).configs };
    });
  }

  async function onFloorOf(table: OnFloor['table'], cell: Cell): Promise<OnFloor[]> {
    const { published, params } = cell;
    if (!published || !have.task(params.task ?? '')) return [];
    const floor = await floorOf(expand(cell, 'paper', [0]).configs[0]);
    return floor && sitsOnFloor(published, floor, toleranceOf(published)) ? [{ cell, table, published, floor }] : [];
  }

  return {
    list: () => tables,
    async onFloor() {
      const found = tables.flatMap(({ id, title, cells }) => cells.map((cell) => onFloorOf({ id, title }, cell)));
      return (await Promise.all(found)).flat();
    },
    async state(id, profile, tolerance = defaultTolerance): Promise<TableState> {
      const table = tableOf(id);
      const standing = standingRuns(app.runs.list());
      const known = await Promise.all(table.cells.map((cell) => answer(cell, profile, standing)));
      return judgedTable(table, profile, tolerance, known);
    },
    plan(wish): Plan {
      const standing = standingRuns(app.runs.list());
      const plan: Plan = {
        ...{ finished: 0, resumed: 0, started: 0, seconds: 0, basis: 'nothing is left to do' },
        ...{ memoryBytes: 0, diskBytes: 0, miscounted: [] },
      };
      for (const { cell, configs } of wanted(wish)) {
        const { seconds, basis, memoryBytes, diskBytes, trainable } = app.config.estimate(configs[0]);
        const published = cell.published?.trainable;
        if (wish.profile === 'paper' && published !== undefined && published !== trainable)
          plan.miscounted.push({ cell: cell.id, trainable, published });
        for (const config of configs) {
          const row = standing.of(config);
          const step = stepFor(row);
          plan[step]++;
          if (step === 'finished') continue;
          const left = row && step === 'resumed' ? 1 - row.step / row.totalSteps : 1;
          plan.seconds += (seconds * left) / app.queue.get().slots;
          plan.diskBytes += diskBytes * left;
          plan.memoryBytes = Math.max(plan.memoryBytes, memoryBytes);
          plan.basis = basis;
        }
      }
      return plan;
    },
    reproduce(wish): string[][] {
      const cells = wanted(wish);
      const configs = cells.flatMap((cell) => cell.configs);
      const ids = app.runs.ensure(configs, [`${wish.table}-${wish.profile}`]).map(({ id }) => id);
      return cells.map((cell) => ids.splice(0, cell.configs.length));
    },
  };
}

/** What the columns of a pair gain over each other, row by row; pairs that differ in more than the question say so. */
function contrastsOf(
  { contrasts, varies }: PaperTable,
  answers: readonly Answer[],
  profile: Profile,
  allowed: Tolerance,
): Contrast[] {
  const at = (row: string, column: string) => answers.find(({ cell }) => cell.row === row && cell.column === column);
  const contrast = (row: string, [column, other]: [string, string]): Contrast[] => {
    const [ours, theirs] = [at(row, column), at(row, other)];
    if (!ours || !theirs || ours.cell.beyond || theirs.cell.beyond) return [];
    const named = { row, columns: `${column} over ${other}`, metric: ours.metric ?? theirs.metric, stands: null };
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
  const rows = [...new Set(answers.map(({ cell }) => cell.row))];
  return rows.flatMap((row) => contrasts.flatMap((pair) => contrast(row, pair)));
}

/** In what two cells differ beyond the question of their table: settings, and which number of a run counts. */
function unlikeCells(ours: Cell, theirs: Cell, profile: Profile, varies: PaperTable['varies']): string[] {
  const [a, b] = [ours, theirs].map((cell) => expand(cell, profile, [0]).configs[0]);
  const kinds = [ours, theirs].map((cell) => kindOf(cell, profile));
  return [
    ...unlike(a, b, varies),
    ...(kinds[0] === kinds[1] ? [] : [`${resultText[kinds[0]]} against ${resultText[kinds[1]]}`]),
  ];
}

const resultText: Record<ResultKind, string> = { final: 'final evaluation', last100: 'mean of the last 100' };
