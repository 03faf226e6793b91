/** Ensures that configs have runs, without training any config twice. */
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import type { EnsuredRun, RunServices } from '#contract/runServices';
import type { NewRun } from '#runFolder/config';
import { settingsKey, standingRuns, stepFor } from './standingRuns.ts';

export interface EnsureActions extends Pick<RunServices, 'list' | 'complete'> {
  /** See `createRuns`. */
  create(
    choose: (made: readonly NewRun[]) => readonly ExperimentConfig[],
    tags: readonly string[],
    launcher?: LauncherName,
  ): Promise<NewRun[]>;
  /** Starts queued runs as slots become free. */
  startQueued(ids: readonly string[]): void;
}

/** Implements {@link RunServices.ensure}. */
export async function ensureRuns(
  { list, complete, create, startQueued }: EnsureActions,
  configs: readonly ExperimentConfig[],
  tags: readonly string[],
  launcher?: LauncherName,
): Promise<EnsuredRun[]> {
  const distinct = new Map(configs.map((config) => [settingsKey(config), config]));
  const found = new Map<string, EnsuredRun>();
  const chooseMissing = (made: readonly NewRun[]) => {
    const standing = standingRuns(list());
    const own = new Set(made.map(({ config }) => config));
    found.clear();
    return [...distinct].flatMap(([key, config]) => {
      if (own.has(config)) return [];
      const row = standing.of(config);
      const step = stepFor(row);
      if (!row || step === 'started') return [config];
      found.set(key, { id: row.id, step });
      return [];
    });
  };
  const made = await create(chooseMissing, tags, launcher);
  const started = made.map(({ id }) => id);
  complete(
    [...found.values()].flatMap(({ id, step }) => (step === 'resumed' ? id : [])),
    launcher,
  );
  startQueued(started);
  for (const { id, config } of made) found.set(settingsKey(config), { id, step: 'started' });
  return configs.map((config) => found.get(settingsKey(config))!);
}
