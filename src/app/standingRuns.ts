/** Finds the run that counts for a config: any run with the same settings, however it was started. */
import type { ExperimentConfig } from '#contract/config';
import { decisiveFields } from '#contract/decisiveFields';
import type { RunState } from '#contract/run';
import { configOf, type RunRow } from '#contract/runRow';
import type { EnsuredRun } from '#contract/runServices';

/** Of several runs of a config, the one furthest in this order counts, and of equals the newest. */
const order: readonly RunState[] = ['failed', 'stopped', 'crashed', 'paused', 'queued', 'running', 'finished'];

/** A text that is equal for configs whose runs have the same result. */
export const settingsKey = (config: ExperimentConfig): string =>
  JSON.stringify(decisiveFields.map((field) => config[field]));

export interface StandingRuns {
  of(config: ExperimentConfig): RunRow | null;
  /** The runs of a config with all seeds, sorted by seed. */
  seeds(config: ExperimentConfig): RunRow[];
}

/** Looks up runs by config, ignoring trashed runs. */
export function standingRuns(rows: readonly RunRow[]): StandingRuns {
  const best = new Map<string, RunRow>();
  for (const row of rows) {
    if (row.trashedAt !== null) continue;
    const key = settingsKey(configOf(row));
    const other = best.get(key);
    if (!other || order.indexOf(row.state) >= order.indexOf(other.state)) best.set(key, row);
  }
  const groups = new Map<string, RunRow[]>();
  for (const row of [...best.values()].sort((a, b) => a.seed - b.seed)) {
    const key = settingsKey({ ...configOf(row), seed: 0 });
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    of: (config) => best.get(settingsKey(config)) ?? null,
    seeds: (config) => groups.get(settingsKey({ ...config, seed: 0 })) ?? [],
  };
}

/** What remains to be done for a config. A failed run is kept, so that its reason can be read, and a new one starts. */
export const stepFor = (row: RunRow | null): EnsuredRun['step'] =>
  !row || row.state === 'failed' ? 'started' : row.state === 'finished' ? 'finished' : 'resumed';
