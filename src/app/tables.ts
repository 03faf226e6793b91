/** The services for published tables: their results from the store, and starting missing runs. */
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { sitsOnFloor } from '#contract/floor';
import { type Cell, publishedScore } from '#contract/paperTable';
import type { Services } from '#contract/services';
import {
  defaultTolerance,
  type OnFloor,
  type Profile,
  type ReproduceRequest,
  type ReproductionPlan,
  type TableServices,
  type TableState,
} from '#contract/tableState';
import { type Available, expand, missing } from '#papers/expand';
import { tableOf, tables } from '#papers/published';
import { toleranceOf } from '#papers/verdict';
import { judgeTable, type UnjudgedResult } from './judgeTable.ts';
import { type StandingRuns, settingsKey, standingRuns, stepFor } from './standingRuns.ts';

type App = Pick<Services, 'runs' | 'queue' | 'config' | 'data' | 'cluster'>;

export function tableServices(app: App, have: Available): TableServices {
  /** The floor of a config's test set; null if it is not known on this machine. */
  const floorOf = async (config: ExperimentConfig | undefined) =>
    config && have.task(config.task) ? app.data.floor(config) : null;

  async function result(cell: Cell, profile: Profile, standing: StandingRuns): Promise<UnjudgedResult> {
    const needs = missing(cell, profile, have);
    const { configs, notes } = expand(cell, profile, [0]);
    const own = cell.bestOf.length > 0 ? [] : configs;
    const floor = await floorOf(configs[0]); // known even if the cell cannot run here
    return needs
      ? { cell, needs, notes: [], floor, runs: [] }
      : { cell, needs, notes, floor, runs: own.flatMap(standing.seeds) };
  }

  /** The configs of a request, by cell; for a cell that takes the best of a sweep, those of the whole sweep. */
  function wanted({ table, profile, cells }: ReproduceRequest): { cell: Cell; configs: ExperimentConfig[] }[] {
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
      const trained = cell.bestOf.length > 0 ? all.filter((other) => cell.bestOf.includes(other.id)) : [cell];
      return { cell, configs: trained.flatMap((one) => expand(one, profile, numbers).configs) };
    });
  }

  async function onFloorOf(table: OnFloor['table'], cell: Cell): Promise<OnFloor[]> {
    const published = publishedScore(cell);
    const { params } = cell;
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
      const known = await Promise.all(table.cells.map((cell) => result(cell, profile, standing)));
      return judgeTable(table, profile, tolerance, known, app.runs.firstStep);
    },
    plan(request): ReproductionPlan {
      const standing = standingRuns(app.runs.list());
      const planned = new Set<string>();
      let longest = 0;
      const work: Record<LauncherName, number> = { local: 0, slurm: 0 }; // seconds of one run after another
      const plan: ReproductionPlan = {
        ...{ finished: 0, resumed: 0, started: 0, seconds: 0, isOneByOne: false, basis: 'all runs are finished' },
        ...{ memoryBytes: 0, diskBytes: 0, miscounted: [] },
      };
      for (const { cell, configs } of wanted(request)) {
        const { seconds, basis, memoryBytes, diskBytes, trainable } = app.config.estimate(configs[0]);
        const published = cell.published?.trainable;
        if (request.profile === 'paper' && published !== undefined && published !== trainable)
          plan.miscounted.push({ cell: cell.id, trainable, published });
        for (const config of configs) {
          const key = settingsKey(config);
          if (planned.has(key)) continue; // cells may share runs
          planned.add(key);
          const row = standing.of(config);
          const step = stepFor(row);
          plan[step]++;
          if (step === 'finished') continue;
          const left = row && step === 'resumed' ? 1 - row.step / row.totalSteps : 1;
          work[request.launcher ?? (row ? app.runs.launcher(row.id) : 'local')] += seconds * left;
          plan.diskBytes += diskBytes * left;
          plan.memoryBytes = Math.max(plan.memoryBytes, memoryBytes);
          if (seconds * left > longest) [longest, plan.basis] = [seconds * left, basis]; // the basis of the longest part
        }
      }
      const tasks = work.slurm > 0 ? app.cluster.settings().tasks : 0;
      plan.isOneByOne = work.slurm > 0 && tasks === 0;
      plan.seconds = Math.max(work.local / app.queue.get().slots, work.slurm / Math.max(1, tasks));
      return plan;
    },
    async reproduce(request): Promise<string[][]> {
      const cells = wanted(request);
      const configs = cells.flatMap((cell) => cell.configs);
      const runs = await app.runs.ensure(configs, [`${request.table}-${request.profile}`], request.launcher);
      const ids = runs.map(({ id }) => id);
      return cells.map((cell) => ids.splice(0, cell.configs.length));
    },
  };
}
