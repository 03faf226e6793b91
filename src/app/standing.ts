/** Which run stands for a config: whoever started it, when its settings are the same. */
import { configFields, type ExperimentConfig } from '#contract/config';
import type { RunState } from '#contract/run';
import { configOf, type RunRow } from '#contract/runRow';
import type { Ensured, Services } from '#contract/services';

/** Of several runs of one config the furthest stands for it, and of equals the newest. */
const order: readonly RunState[] = ['failed', 'stopped', 'crashed', 'paused', 'queued', 'running', 'finished'];

/** What a result depends on: everything but the run's name and where it computes. */
const decisive = configFields.filter((field) => field !== 'name' && field !== 'device');
const keyOf = (config: ExperimentConfig): string => JSON.stringify(decisive.map((field) => config[field]));

export interface StandingRuns {
  of(config: ExperimentConfig): RunRow | null;
  /** The runs of a config with any seed, by seed. */
  seeds(config: ExperimentConfig): RunRow[];
}

/** The runs that stand for configs now; what lies in the trash does not. */
export function standingRuns(rows: readonly RunRow[]): StandingRuns {
  const best = new Map<string, RunRow>();
  for (const row of rows) {
    if (row.trashedAt !== null) continue;
    const key = keyOf(configOf(row));
    const other = best.get(key);
    if (!other || order.indexOf(row.state) >= order.indexOf(other.state)) best.set(key, row);
  }
  const groups = new Map<string, RunRow[]>();
  for (const row of [...best.values()].sort((a, b) => a.seed - b.seed)) {
    const key = keyOf({ ...configOf(row), seed: 0 });
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    of: (config) => best.get(keyOf(config)) ?? null,
    seeds: (config) => groups.get(keyOf({ ...config, seed: 0 })) ?? [],
  };
}

/** What has to happen so that a config gets a result. A failed run stays, for its reason to be read, and another starts. */
export const stepFor = (row: RunRow | null): Ensured['step'] =>
  !row || row.state === 'failed' ? 'started' : row.state === 'finished' ? 'finished' : 'resumed';

/** Brings every config to a run, as {@link Services.ensure} says. */
export function ensureRuns(
  app: Pick<Services, 'rows' | 'goOn'> & {
    /** Stores and queues runs, all or none. */
    addRuns(configs: readonly ExperimentConfig[], tags: string[]): string[];
    /** Starts what was queued. */
    begin(ids: readonly string[]): void;
    /** Does its work while no other process writes. */
    together<T>(work: () => T): T;
  },
  configs: readonly ExperimentConfig[],
  tags: string[],
): Ensured[] {
  const distinct = new Map(configs.map((config) => [keyOf(config), config]));
  // at once, so that two that ask for the same do not both make it
  const plans = app.together(() => {
    const standing = standingRuns(app.rows());
    const found = [...distinct].map(([key, config]) => {
      const row = standing.of(config);
      return { key, config, row, step: stepFor(row) };
    });
    const fresh = found.filter(({ step }) => step === 'started');
    const added = app.addRuns(
      fresh.map(({ config }) => config),
      tags,
    );
    const ids = new Map(fresh.map(({ key }, i) => [key, added[i]]));
    return found.map(({ key, row, step }) => ({ key, id: ids.get(key) ?? row!.id, step }));
  });
  const idsOf = (step: Ensured['step']) => plans.flatMap((plan) => (plan.step === step ? plan.id : []));
  app.goOn(idsOf('resumed'));
  app.begin(idsOf('started'));
  const ensured = new Map(plans.map(({ key, id, step }) => [key, { id, step }]));
  return configs.map((config) => ensured.get(keyOf(config))!);
}
