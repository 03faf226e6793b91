/**
 * Prepares a run's parameters. A pretrained body is mapped from its safetensors file (`zoo/weights`), or from a float32 copy if
 * that file has another type or format. A random body, or one with the statistics of a pretrained body, is made from the seed
 * and kept in `{home}/cache/bodies`. Either way, the frozen part of the body is in one file that the runtime maps, and only
 * trained parameters are copied into memory. The header of each file is parsed only once.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { makeFolder, sweepDrafts } from '#disk/atomicFile';
import { sha256 } from '#disk/hash';
import { isIntact, writeSealed } from '#disk/sealed';
import { withFile } from '#disk/source';
import type { Frozen } from '#engine/program';
import type { Initial } from '#engine/state';
import { elementsOf, float32Chunks, type StoredArray, transposed } from '#formats/array';
import { decode, readSafetensors } from '#formats/safetensors';
import { bodyPrefix } from '#models/body';
import { initialize } from '#models/initialize';
import { listProblems, matchCheckpoint } from '#models/match';
import type { Model } from '#models/model';
import { trainedNames as trainedNamesOf } from '#models/steps';
import { type OpenCheckpoint, withCheckpoint } from '#zoo/checkpointFiles';
import { bodyFilePrefix, findWeights, ownWeights } from '#zoo/weights';

export interface Weights {
  /** Folder of the file that contains frozen values; absent if there is none. */
  folder?: string;
  frozen: Record<string, Frozen>;
  /** Initial values of the trained parameters, in parameter order. */
  trained: Record<string, Initial>;
}

export interface WeightsOptions {
  config: ExperimentConfig;
  model: Model;
  home: string;
  /** Logs work that takes long. */
  log(text: string): void;
}

/**
 * Prepares every parameter that the model computes with.
 * Throws `weights` if a pretrained body is absent or has other shapes, and `disk` if the cache cannot be written.
 */
export function prepareWeights(options: WeightsOptions): Weights {
  const { config, model } = options;
  const trainedNames = trainedNamesOf(model);
  const used = Object.keys(model.parameters).filter(model.isUsed);
  const frozenNames = used.filter((name) => !trainedNames.includes(name));
  const isBody = model.isLoaded;
  const body = openBody(options, used.filter(isBody), frozenNames.some(isBody));
  const made = (name: string) => model.initialValue(name, config.seed);

  const frozen = frozenNames.map((name): [string, Frozen] => {
    const shape = model.parameters[name];
    if (!isBody(name)) return [name, { shape, read: () => made(name) }];
    const { offset, length } = body!.places[name];
    const file = { name: basename(body!.path), offset, length };
    return [name, { shape, file, read: () => readValues(body!, name) }];
  });
  const trained = trainedNames.map((name): [string, Initial] => {
    const data = isBody(name) && config.pretrained ? readValues(body!, name) : made(name);
    return [name, { shape: model.parameters[name], data }];
  });
  const folder = body ? dirname(body.path) : undefined;
  return { folder, frozen: Object.fromEntries(frozen), trained: Object.fromEntries(trained) };
}

/** A float32 file with the body's parameters, and the place of each parameter in it. */
interface BodyFile {
  path: string;
  places: Record<string, { offset: number; length: number }>;
}

const readValues = ({ path, places }: BodyFile, name: string): Float32Array =>
  withFile(path, (source) => decode('F32', source.read(places[name].offset, places[name].length)) as Float32Array);

/** The float32 file of the body; null for a random body without frozen parameters, which needs none. */
function openBody(options: WeightsOptions, names: string[], hasFrozen: boolean): BodyFile | null {
  const { config, model, home } = options;
  if (!config.pretrained) return hasFrozen ? randomBody(options, names) : null;
  const path = findWeights(home, config.model_name);
  if (!path) {
    throw new PermafrostError(
      'weights',
      `There are no weights of ${config.model_name} on this machine: neither ${ownWeights(home, config.model_name)} nor the Hugging Face cache has them. Fetch them (permafrost zoo pull ${config.model_name}), put the file there, or set pretrained to false.`,
    );
  }
  return withCheckpoint(path, (checkpoint) => {
    const found = findParameters(config.model_name, path, checkpoint.arrays, names, model);
    if (config.statistics_only) return statisticsBody(options, checkpoint, found);
    return mappedFile(path, found) ?? float32Copy(options, checkpoint, found);
  });
}

/** The checkpoint itself, if the runtime can map its parameters as they are; null otherwise. */
function mappedFile(path: string, found: Map<string, StoredArray>): BodyFile | null {
  const places: BodyFile['places'] = {};
  for (const [name, { dtype, place }] of found) {
    if (dtype !== 'F32' || !place || place.offset % 4 !== 0) return null;
    places[name] = place;
  }
  return { path: realpathSync(path), places }; // files in the hub's cache are links, which the runtime may refuse to follow
}

/** Finds the needed parameters in a checkpoint. Throws `weights` with a list of weights that are missing, unknown or of another shape. */
function findParameters(
  modelName: string,
  path: string,
  arrays: Map<string, StoredArray>,
  names: string[],
  model: Model,
): Map<string, StoredArray> {
  const { found, problems } = matchCheckpoint(
    arrays,
    model.fromCheckpoint([...arrays.keys()]),
    model.parameters,
    names,
  );
  if (problems.length > 0) {
    throw new PermafrostError(
      'weights',
      `${path} is not a checkpoint of ${modelName}: ${listProblems(problems).replaceAll(bodyPrefix, '')}. Put that model's file there or choose the model_name it belongs to.`,
    );
  }
  return new Map(
    names.map((name) => {
      const { name: stored, transposed: turned } = found.get(name)!;
      const array = arrays.get(stored)!;
      return [name, turned ? transposed(array, model.parameters[name][1]) : array];
    }),
  );
}

/** Path of a cached file. It begins with the body's name, so that removing the body can find its files. */
const cachePath = (home: string, modelName: string, key: unknown): string => {
  const hash = sha256(JSON.stringify(key)).slice(0, 24);
  return join(home, 'cache', 'bodies', `${bodyFilePrefix(modelName)}${hash}.safetensors`);
};

const randomFormat = 1; // increase it when initial values change

/** The file of a random body, written once per body and seed. Runs share it whatever they freeze. */
function randomBody({ config, model, home, log }: WeightsOptions, names: string[]): BodyFile {
  const path = cachePath(home, config.model_name, [randomFormat, model.bodyConfig, names, config.seed]);
  if (!isCached(path)) {
    log(`Making random weights for ${config.model_name}, once per seed.`);
    writeBody(path, model, names, (name) => [model.initialValue(name, config.seed)]);
  }
  return openCached(path);
}

/** A float32 copy of a checkpoint that the runtime cannot map directly, written once, in chunks. */
function float32Copy(
  { config, model, home, log }: WeightsOptions,
  { arrays, files }: OpenCheckpoint,
  found: Map<string, StoredArray>,
): BodyFile {
  const names = [...found.keys()];
  const path = cachePath(home, config.model_name, [...marksOf(files), ...names]);
  if (!isCached(path)) {
    log(`Writing the weights of ${config.model_name} as float32 safetensors, once.`);
    for (const array of arrays.values()) array.check?.(); // also refuses damage in arrays that nothing reads
    writeBody(path, model, names, (name) => float32Chunks(found.get(name)!));
  }
  return openCached(path);
}

/** Paths, sizes and times of files, which change when a file does. */
const marksOf = (files: readonly string[]): (string | number)[] =>
  files.flatMap((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });

const statisticsFormat = 1; // increase it when the values change

/**
 * A body that keeps only the mean and standard deviation of each tensor of a checkpoint, written once per checkpoint and seed.
 * It uses the same normal draws as the random body of the same seed, so the two differ only in these statistics.
 */
function statisticsBody(
  { config, model, home, log }: WeightsOptions,
  { arrays, files }: OpenCheckpoint,
  found: Map<string, StoredArray>,
): BodyFile {
  const { model_name, seed } = config;
  const names = [...found.keys()];
  const path = cachePath(home, model_name, ['statistics', statisticsFormat, marksOf(files), names, seed]);
  if (!isCached(path)) {
    log(`Drawing weights with the statistics of ${model_name}, once per seed.`);
    for (const array of arrays.values()) array.check?.(); // also refuses damage in arrays that nothing reads
    writeBody(path, model, names, (name) => [
      initialize(normalOf(found.get(name)!), model.parameters[name], seed, name),
    ]);
  }
  return openCached(path);
}

/** The normal distribution with the mean and deviation of an array's values. */
function normalOf(array: StoredArray): { mean: number; normal: number } {
  const size = elementsOf(array.shape);
  let [sum, squares] = [0, 0];
  for (const values of float32Chunks(array)) for (const value of values) sum += value;
  const mean = sum / size;
  for (const values of float32Chunks(array)) for (const value of values) squares += (value - mean) ** 2;
  return { mean, normal: Math.sqrt(squares / size) };
}

/** Whether the file exists and is intact. A damaged file is written again. */
const isCached = (path: string): boolean => existsSync(path) && withFile(path, isIntact) === true;

const openCached = (path: string): BodyFile => ({
  path,
  places: Object.fromEntries(withFile(path, readSafetensors).tensors),
});

function writeBody(path: string, model: Model, names: string[], values: (name: string) => Iterable<Float32Array>) {
  makeFolder(dirname(path));
  sweepDrafts(dirname(path));
  const specs = names.map((name) => [name, { shape: model.parameters[name], dtype: 'F32' }] as const);
  writeSealed(path, { tensors: Object.fromEntries(specs), chunks: chunks() });

  function* chunks() {
    for (const name of names)
      for (const { buffer, byteOffset, byteLength } of values(name))
        yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}
