/** A run as a row of the runs table: small enough for ten thousand rows. */
import { type ConfigField, configDefaults, type ExperimentConfig } from './config.ts';
import { isSameSetting } from './isSameSetting.ts';
import type { Regime } from './regime.ts';
import type { JournalEntry, Run, RunState } from './run.ts';

/** accuracy: higher is better. mae: mean absolute error, lower is better. */
export type MetricName = 'accuracy' | 'mae';

export interface RunRow {
  id: string;
  /** The name in the config; task, body and regime if the user gave it no name. */
  name: string;
  state: RunState;
  /** Why it failed, crashed or stopped. */
  reason: Run['reason'];
  task: string;
  model: string;
  regime: Regime;
  seed: number;
  /** The fields of the config that differ from the defaults; {@link configOf} returns the whole config. */
  settings: Partial<ExperimentConfig>;
  /** Null for a task that this version of Permafrost does not know. */
  metric: MetricName | null;
  /** Test metric of the last evaluation. */
  last: number | null;
  /** Best test metric: the highest accuracy or the lowest error. */
  best: number | null;
  /** Mean of the last 100 (or fewer) test metrics. */
  recent: number | null;
  /** Metric of the final evaluation, and its standard error; null until the run is finished. */
  value: number | null;
  standardError: number | null;
  step: number;
  totalSteps: number;
  /** Milliseconds since 1970. */
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Running time so far in seconds, without pauses. */
  seconds: number;
  device: string | null;
  trainable: number | null;
  total: number | null;
  tags: string[];
  note: string;
  archived: boolean;
  /** When it was moved to the trash; null if it is not in the trash. */
  trashedAt: number | null;
}

/** The whole config of a row. */
export const configOf = ({ settings }: Pick<RunRow, 'settings'>): ExperimentConfig => ({
  ...configDefaults,
  ...(settings as ExperimentConfig),
});

/** A field's value in a form that `===` compares: lists are JSON. */
export type Setting = string | number | boolean | null;

/** The value of a config field in a row; cheaper than making the whole config. */
export function settingOf(row: Pick<RunRow, 'settings'>, field: ConfigField): Setting {
  const value = field in row.settings ? row.settings[field] : (configDefaults as Record<string, unknown>)[field];
  return Array.isArray(value) ? JSON.stringify(value) : ((value ?? null) as Setting);
}

/** The fields in which a config differs from the defaults; always includes its task. */
export function settingsOf(config: ExperimentConfig): Partial<ExperimentConfig> {
  const differs = ([field, value]: [string, unknown]) =>
    !isSameSetting(value, (configDefaults as Record<string, unknown>)[field]);
  return Object.fromEntries(Object.entries(config).filter(differs)) as Partial<Record<ConfigField, never>>;
}

/** Rows that changed, and ids of deleted runs. */
export interface RunChanges {
  changed: RunRow[];
  gone: string[];
}

/** New journal entries of a run, in order and each exactly once, and the run after them. */
export interface RunEvents {
  /** Number of the newest entry, after which a later call continues. */
  seq: number;
  entries: JournalEntry[];
  row: RunRow;
}

/** A metric over steps. */
export interface Curve {
  points: { step: number; value: number }[];
  /** How many points the requested range has; more than `points` if the curve is thinned. */
  of: number;
  /** The journal entry up to which the curve is complete. */
  seq: number;
}

export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  level: 'info' | 'warn' | 'error';
  text: string;
}
export interface RunLog {
  lines: LogLine[];
  /** The last lines that the trainer process printed. */
  printed: string;
}

export interface CheckpointFile {
  /** checkpoint: the full state, to continue from. best: the trained parameters of the best iteration. */
  kind: 'checkpoint' | 'best';
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  at: number;
  /** When it was written, for example `step 400`. */
  made: string;
}
