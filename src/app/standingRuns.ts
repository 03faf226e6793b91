/** Which run stands for a config: one with the same settings, whatever started it. */
import { configFields, type ExperimentConfig } from '#contract/config';
import type { RunState } from '#contract/run';
import { configOf, type RunRow } from '#contract/runRow';
import type { EnsuredRun } from '#contract/runServices';

/** The furthest of a config's runs stands for it, and of equals the newest. */
const order: readonly RunState[] = ['failed', 'stopped', 'crashed', 'paused', 'queued', 'running', 'finished'];

/** The fields that a result depends on: all but the run's name and its device. */
const decisive = configFields.filter((field) => field !== 'name' && field !== 'device');
/** Equal for configs whose runs give the same result. */
export const settingsKey = (config: ExperimentConfig): string => JSON.stringify(decisive.map((field) => config[field]));

export interface StandingRuns {
  of(config: ExperimentConfig): RunRow | null;
  /** The runs of a config with any seed, by seed. */
  seeds(config: ExperimentConfig): RunRow[];
}

/** The runs that stand for configs now; trashed ones do not. */
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

/** The step that brings a config to its result. A failed run is kept, so that its reason can be read, and another starts. */
export const stepFor = (row: RunRow | null): EnsuredRun['step'] =>
  !row || row.state === 'failed' ? 'started' : row.state === 'finished' ? 'finished' : 'resumed';
