/** Ensures that configs have runs, without training any config twice. */
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import type { EnsuredRun, RunServices } from '#contract/runServices';
import { settingsKey, standingRuns, stepFor } from './standingRuns.ts';

interface RunActions extends Pick<RunServices, 'list' | 'complete'> {
  /** Calls `choose` and makes a queued run for every returned config, in one transaction. */
  create(choose: () => readonly ExperimentConfig[], tags: readonly string[], launcher?: LauncherName): string[];
  /** Starts queued runs as slots become free. */
  startQueued(ids: readonly string[]): void;
}

/** Implements {@link RunServices.ensure}. */
export function ensureRuns(
  { list, complete, create, startQueued }: RunActions,
  configs: readonly ExperimentConfig[],
  tags: readonly string[],
  launcher?: LauncherName,
): EnsuredRun[] {
  const distinct = new Map(configs.map((config) => [settingsKey(config), config]));
  const found = new Map<string, EnsuredRun>();
  const missing: string[] = [];
  // in one transaction, so that two apps that ensure the same config do not both make a run
  const chooseMissing = () => {
    const standing = standingRuns(list());
    for (const [key, config] of distinct) {
      const row = standing.of(config);
      const step = stepFor(row);
      if (row && step !== 'started') found.set(key, { id: row.id, step });
      else missing.push(key);
    }
    return missing.map((key) => distinct.get(key)!);
  };
  const started = create(chooseMissing, tags, launcher);
  complete(
    [...found.values()].flatMap(({ id, step }) => (step === 'resumed' ? id : [])),
    launcher,
  );
  startQueued(started);
  for (const [i, key] of missing.entries()) found.set(key, { id: started[i], step: 'started' });
  return configs.map((config) => found.get(settingsKey(config))!);
}
