/** The versions, data and weights of this machine that a bundle records. */
import { existsSync, statSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { basename, join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import { hashFile } from '#disk/hash';
import type { Environment, Materials } from '#export/bundle';
import { tasks } from '#tasks/index';
import { checkpointFiles } from '#zoo/checkpointFiles';
import { isDirect } from '#zoo/dataset';
import { datasetPlaces } from '#zoo/datasetFiles';
import { datasetOf } from '#zoo/datasets';
import { findWeights } from '#zoo/weights';
import project from '../../package.json' with { type: 'json' };

const { version, dependencies } = project;

export const describeEnvironment = (): Environment => ({
  permafrost: version,
  node: process.versions.node,
  packages: {
    'onnxruntime-node': dependencies['onnxruntime-node'],
    '@tensorflow/tfjs': dependencies['@tensorflow/tfjs'],
  },
  os: `${type()} ${release()} ${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  threads: cpus().length,
  memoryBytes: totalmem(),
});

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** Hashes the data sets and weights that configs need, except those that are not on this machine. */
export async function hashMaterials(home: string, configs: readonly ExperimentConfig[]): Promise<Materials> {
  const sets = distinct(configs.flatMap(({ task }) => (Object.hasOwn(tasks, task) ? (tasks[task].dataset ?? []) : [])));
  const models = distinct(configs.flatMap((config) => (config.pretrained ? config.model_name : [])));
  const data = sets.map(async (name) => ({ name, files: await Promise.all(dataFiles(home, name).map(hashed)) }));
  const weights = models.map(async (model) => {
    const path = findWeights(home, model);
    return { model, files: await Promise.all(path === null ? [] : checkpointFiles(path).map(hashed)) };
  });
  return { data: await Promise.all(data), weights: await Promise.all(weights) };
}

/** The files from which a data set is read, downloaded or unpacked by the user. */
function dataFiles(home: string, name: string): string[] {
  const row = datasetOf(name);
  const { folder } = datasetPlaces(home, row);
  const from = existsSync(folder) || !isDirect(row) ? folder : row.bundled();
  const names = [...row.files.map((file) => file.name), ...row.unpacked];
  return from === null
    ? []
    : names.map((file) => join(from, file)).filter((path) => existsSync(path) && statSync(path).isFile());
}

async function hashed(path: string) {
  const { bytes, hash } = await hashFile(path);
  return { file: basename(path), bytes, sha256: hash };
}
