/** Rows of runs as the store gives them, for tests of pure parts. */
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { regimeOf } from '#contract/regime';
import { type RunRow, settingsOf } from '#contract/runRow';

/** A finished run of a config, with overrides. */
export function runRow(config: Partial<ExperimentConfig> = {}, more: Partial<RunRow> = {}): RunRow {
  const whole = parseConfig({ task: 'mnist', ...config });
  return {
    id: `${whole.task}-abc234`,
    name: whole.name,
    state: 'finished',
    reason: null,
    task: whole.task,
    model: whole.model_name,
    regime: regimeOf(whole),
    seed: whole.seed,
    settings: settingsOf(whole),
    metric: 'accuracy',
    last: 0.9,
    best: 0.95,
    recent: 0.93,
    value: 0.94,
    standardError: 0.002,
    step: 5000,
    totalSteps: 5000,
    createdAt: Date.UTC(2026, 10, 20),
    startedAt: Date.UTC(2026, 10, 20),
    endedAt: Date.UTC(2026, 10, 20, 1),
    seconds: 3600,
    device: 'cpu (ONNX Runtime, 2 threads)',
    trainable: 100_000,
    total: 124_000_000,
    tags: [],
    note: '',
    archived: false,
    trashedAt: null,
    ...more,
  };
}
