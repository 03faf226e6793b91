/** `config.json` of a run folder: the run's id, creation time and settings. It is written once, before all other files. */
import { z } from 'zod';
import { type ConfigField, configFields, type ExperimentConfig } from '#contract/config';
import { configFile, openConfig } from '#contract/configFile';
import { decisiveFields } from '#contract/decisiveFields';
import { PermafrostError } from '#contract/errors';
import { isSameSetting } from '#contract/isSameSetting';
import { writeAtomically } from '#disk/atomicFile';
import { sha256 } from '#disk/hash';
import { readSmallJson } from '#disk/source';
import { runFiles } from './paths.ts';

/** A run that has not started. */
export interface NewRun {
  id: string;
  config: ExperimentConfig;
  /** Milliseconds since 1970. */
  createdAt: number;
}

const largest = 2 ** 20; // bytes
const identity = z.object({ createdAt: z.number().default(0) });

/** Writes the file without flushing it, because a sweep makes thousands of runs. The trainer flushes it before its first step. */
export function writeRunConfig(folder: string, { id, createdAt, config }: NewRun): void {
  const text = `${JSON.stringify({ id, createdAt, ...configFile(config) }, null, 2)}\n`;
  writeAtomically(runFiles(folder).config, [Buffer.from(text)], { durable: false });
}

/** Reads the file. Throws `config` if it cannot be read, is not JSON, or is not a valid config. */
export function readRunConfig(folder: string): Omit<NewRun, 'id'> {
  const path = runFiles(folder).config;
  let file: unknown;
  try {
    file = readSmallJson(path, largest, 'config');
  } catch (cause) {
    throw new PermafrostError('config', `The run's config is missing or damaged. ${(cause as Error).message}`, {
      cause,
    });
  }
  const { name, params, args } = (file ?? {}) as Record<string, unknown>;
  const { data } = identity.safeParse(file);
  return { config: openConfig({ name, params, args }), createdAt: data?.createdAt ?? 0 };
}

/** Digest of the settings on which a result depends. */
export const configDigest = (config: ExperimentConfig): string =>
  sha256(
    JSON.stringify(decisiveFields.filter((field) => isDigested(config, field)).map((field) => [field, config[field]])),
  );
/** Fields that are newer than some checkpoints. With these values they are left out, so that old digests stay valid. */
const newer: Partial<ExperimentConfig> = { statistics_only: false, trained_attn_blocks: null, precision: 'fp32' };
const isDigested = (config: ExperimentConfig, field: ConfigField): boolean =>
  !(field in newer && config[field] === newer[field]);

/** The first field in which two configs differ; null if they are equal. */
export const changedField = (a: ExperimentConfig, b: ExperimentConfig): string | null =>
  configFields.find((field) => !isSameSetting(a[field], b[field])) ?? null;
