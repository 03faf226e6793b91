/** Published tables over the run store: what answers them here, and starting what is missing. */
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { sitsOnFloor } from '#contract/floor';
import {
  type Answer,
  type Cell,
  type Contrast,
  defaultTolerance,
  type OnFloor,
  type Plan,
  type Profile,
  type TableServices,
  type TableState,
  type Tolerance,
  type Wish,
} from '#contract/papers';
import type { RunRow } from '#contract/runRow';
import type { Services } from '#contract/services';
import type { Sample } from '#contract/statistics';
import { type Available, expand, missing } from '#papers/expand';
import { tableOf, tables } from '#papers/published';
import { compare, judge, toleranceOf } from '#papers/verdict';
import { type StandingRuns, standingRuns, stepFor } from './standing.ts';

type App = Pick<Services, 'rows' | 'data' | 'hasTask' | 'estimate' | 'ensure' | 'queue'>;

/** Results of finished runs. */
const samplesOf = (runs: readonly RunRow[], number: 'value' | 'recent' = 'value'): Sample[] =>
  runs.flatMap((row) => {
    const { state, standardError } = row;
    const value = row[number];
    return state === 'finished' && value !== null && standardError !== null ? [{ value, standardError }] : [];
  });

/** Adds to what answers a cell what it says. */
export function judgedAnswer(
  known: Pick<Answer, 'cell' | 'needs' | 'notes' | 'floor' | 'runs'>,
  profile: Profile,
  allowed: Tolerance,
): Answer {
  const { cell, floor, runs } = known;
  const { published } = cell;
  const scaled = profile === 'quick';
  const tolerance = published ? toleranceOf(published, allowed) : undefined;
  const samples = samplesOf(runs, cell.resultIs === 'last100' && !scaled ? 'recent' : 'value');
  return {
    ...known,
    onFloor: published !== null && floor !== null && sitsOnFloor(published, floor, tolerance!),
    metric: published?.metric ?? runs[0]?.metric ?? null,
    judgement: judge(published, samples, { scaled, floor, tolerance }),
  };
}

export function tableServices(app: App, have: Available): TableServices {
  /** What guessing reaches on the cell's test set; null where that is not known here. */
  const floorOf = async (config: ExperimentConfig | undefined) =>
    config && app.hasTask(config.task) ? app.data.floor(config) : null;

  async function answer(cell: Cell, profile: Profile, allowed: Tolerance, standing: StandingRuns): Promise<Answer> {
    const needs = missing(cell, profile, have);
    const { configs, notes } = needs ? { configs: [], notes: [] } : expand(cell, profile, [0]);
    const runs = configs.flatMap(standing.seeds);
    const floor = await floorOf(configs[0]);
    return judgedAnswer({ cell, needs, notes, floor, runs }, profile, allowed);
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
    if (!published || !app.hasTask(params.task ?? '')) return [];
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
      const standing = standingRuns(app.rows());
      const answers = await Promise.all(table.cells.map((cell) => answer(cell, profile, tolerance, standing)));
      return { table, profile, tolerance, answers, contrasts: contrastsOf(table.contrasts, answers) };
    },
    plan(wish): Plan {
      const standing = standingRuns(app.rows());
      const plan: Plan = {
        ...{ finished: 0, resumed: 0, started: 0, seconds: 0, basis: 'nothing is left to do' },
        ...{ memoryBytes: 0, diskBytes: 0, miscounted: [] },
      };
      for (const { cell, configs } of wanted(wish)) {
        const { seconds, basis, memoryBytes, diskBytes, trainable } = app.estimate(configs[0]);
        const published = cell.published?.trainable;
        if (wish.profile === 'paper' && published !== undefined && published !== trainable)
          plan.miscounted.push({ cell: cell.id, trainable, published });
        for (const config of configs) {
          const row = standing.of(config);
          const step = stepFor(row);
          plan[step]++;
          if (step === 'finished') continue;
          const left = row && step === 'resumed' ? 1 - row.step / row.totalSteps : 1;
          plan.seconds += (seconds * left) / app.queue().slots;
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
      const ids = app.ensure(configs, [`${wish.table}-${wish.profile}`]).map(({ id }) => id);
      return cells.map((cell) => ids.splice(0, cell.configs.length));
    },
  };
}

/** What the columns of a pair gain over each other, row by row. */
export function contrastsOf(pairs: readonly [string, string][], answers: readonly Answer[]): Contrast[] {
  const at = (row: string, column: string) => answers.find(({ cell }) => cell.row === row && cell.column === column);
  return [...new Set(answers.map(({ cell }) => cell.row))].flatMap((row) =>
    pairs.flatMap(([column, other]): Contrast[] => {
      const [ours, theirs] = [at(row, column), at(row, other)];
      const metric = ours?.runs[0]?.metric;
      const found = ours && theirs && metric ? compare(samplesOf(ours.runs), samplesOf(theirs.runs), metric) : null;
      return found ? [{ row, columns: `${column} over ${other}`, metric: metric!, ...found }] : [];
    }),
  );
}
