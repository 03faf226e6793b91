/** The files of a run's folder, `{home}/runs/{id}`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExperimentConfig, openConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';

export const runFiles = (folder: string) => ({
  /** `{name, params, args}` of dl-project; other keys belong to the app. */
  config: join(folder, 'config.json'),
  journal: join(folder, 'journal.jsonl'),
  checkpoint: join(folder, 'checkpoint.safetensors'),
  /** Trained parameters of the best iteration so far, for use elsewhere. */
  best: join(folder, 'best.safetensors'),
  /** Hashes of the frozen weights before and after training. */
  frozen: join(folder, 'frozen.json'),
});
export type RunFiles = ReturnType<typeof runFiles>;

/** The config of a run folder. Throws `config` when the file is missing, not JSON or not a valid config. */
export function readConfig(folder: string): ExperimentConfig {
  const path = runFiles(folder).config;
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new PermafrostError('config', `${path} should hold the run's config as JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  const { name, params, args } = file ?? {};
  return openConfig({ name, params, args });
}
