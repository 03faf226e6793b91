/**
 * Where a run's parameters come from. A pretrained body is mapped from its safetensors file (`zoo/weights`), of
 * which a float32 copy is made where it is of another type or format; a
 * random one is made from the seed and kept in `{home}/cache/bodies`. Either way the frozen part of the body lies in one
 * file that the runtime maps, and only what is trained is copied into memory.
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
import { float32Chunks, type StoredArray, transposed } from '#formats/array';
import { readSafetensors, tensorData } from '#formats/safetensors';
import { bodyPrefix } from '#models/body';
import { listProblems, matchCheckpoint } from '#models/match';
import type { Model } from '#models/model';
import { trainedNames as trainedNamesOf } from '#models/steps';
import { checkpointFiles, withCheckpoint } from '#zoo/checkpointFiles';
import { bodyFilePrefix, findWeights, ownWeights } from '#zoo/weights';

export interface Weights {
  /** Folder of the file that frozen values name; absent where none does. */
  folder?: string;
  frozen: Record<string, Frozen>;
  /** Starting values of what is trained, in parameter order. */
  trained: Record<string, Initial>;
}

export interface WeightsOptions {
  config: ExperimentConfig;
  model: Model;
  home: string;
  /** Told what takes long. */
  log(text: string): void;
}

/**
 * Every parameter that the model computes with.
 * Throws `weights` where a pretrained body is absent or of another shape, `disk` where the cache cannot be written.
 */
export function prepareWeights(options: WeightsOptions): Weights {
  const { config, model } = options;
  const trainedNames = trainedNamesOf(model);
  const used = Object.keys(model.parameters).filter(model.isUsed);
  const frozenNames = used.filter((name) => !trainedNames.includes(name));
  const isBody = model.isLoaded;
  const path = locateBody(options, used.filter(isBody), frozenNames.some(isBody));
  const body = path === null ? null : openBody(path, model);
  const made = (name: string) => model.initialValue(name, config.seed);

  const frozen = frozenNames.map((name): [string, Frozen] => {
    return [name, isBody(name) ? body!.frozen(name) : { shape: model.parameters[name], read: () => made(name) }];
  });
  const trained = trainedNames.map((name): [string, Initial] => {
    const data = isBody(name) && config.pretrained ? body!.read(name) : made(name);
    return [name, { shape: model.parameters[name], data }];
  });
  const folder = path === null ? undefined : dirname(path);
  return { folder, frozen: Object.fromEntries(frozen), trained: Object.fromEntries(trained) };
}

/** The float32 file that holds the body; null for a random body that is trained as a whole, which needs none. */
function locateBody(options: WeightsOptions, names: string[], hasFrozen: boolean): string | null {
  const { config, model, home } = options;
  if (!config.pretrained) return hasFrozen ? randomBody(options, names) : null;
  const path = findWeights(home, config.model_name);
  if (!path) {
    throw new PermafrostError(
      'weights',
      `There are no weights of ${config.model_name} on this machine: looked for ${ownWeights(home, config.model_name)} and in the Hugging Face cache. Fetch them (permafrost zoo pull ${config.model_name}), put the file there, or set pretrained to false.`,
    );
  }
  return withCheckpoint(path, ({ arrays }) => {
    const found = findParameters(config.model_name, path, arrays, names, model);
    const mappable = [...found.values()].every(
      ({ dtype, place }) => dtype === 'F32' && place && place.offset % 4 === 0,
    );
    // a file of the Hugging Face cache is a link, which the runtime may refuse to follow out of its folder
    if (mappable) return realpathSync(path);
    return float32Copy(options, path, found, [...arrays.values()]);
  });
}

/** The body's values in a float32 file, to be mapped or read. */
function openBody(path: string, model: Model): { frozen(name: string): Frozen; read(name: string): Float32Array } {
  const { tensors } = withFile(path, readSafetensors);
  const stored = model.fromCheckpoint([...tensors.keys()]);
  const tensor = (name: string) => tensors.get(stored.get(name)!.name)!;
  const read = (name: string) => withFile(path, (source) => tensorData(source, tensor(name)) as Float32Array);
  return {
    read,
    frozen(name) {
      const { offset, length } = tensor(name);
      return { shape: model.parameters[name], file: { name: basename(path), offset, length }, read: () => read(name) };
    },
  };
}

/** The needed parameters in a checkpoint. Throws `weights` listing every weight that is missing, too many or of another shape. */
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

/** Files of one body begin with its name, so that they can be found and removed with it. */
const cachePath = (home: string, modelName: string, key: unknown): string => {
  const hash = sha256(JSON.stringify(key)).slice(0, 24);
  return join(home, 'cache', 'bodies', `${bodyFilePrefix(modelName)}${hash}.safetensors`);
};

const randomFormat = 1; // change it when initial values change

/** A random body's file, written once per body and seed and shared by runs whatever they freeze. */
function randomBody({ config, model, home, log }: WeightsOptions, names: string[]): string {
  const path = cachePath(home, config.model_name, [randomFormat, model.bodyConfig, names, config.seed]);
  return cached(
    path,
    model,
    names,
    (name) => [model.initialValue(name, config.seed)],
    () => log(`Making random weights for ${config.model_name}, once per seed.`),
  );
}

/** A float32 copy of a checkpoint that the runtime cannot map as it is, written once and in pieces. */
function float32Copy(
  options: WeightsOptions,
  path: string,
  found: Map<string, StoredArray>,
  all: StoredArray[],
): string {
  const { config, model, home, log } = options;
  const marks = checkpointFiles(path).flatMap((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  const chunks = (name: string) => float32Chunks(found.get(name)!);
  return cached(
    cachePath(home, config.model_name, [...marks, ...found.keys()]),
    model,
    [...found.keys()],
    chunks,
    () => {
      log(`Writing the weights of ${config.model_name} as float32 safetensors, once.`);
      for (const array of all) array.check?.(); // a damaged file is refused even where the damage is in what nobody reads
    },
  );
}

function cached(
  path: string,
  model: Model,
  names: string[],
  values: (name: string) => Iterable<Float32Array>,
  onWrite: () => void,
): string {
  if (existsSync(path) && withFile(path, isIntact)) return path; // a damaged one is made again
  onWrite();
  makeFolder(dirname(path));
  sweepDrafts(dirname(path));
  const specs = names.map((name) => [name, { shape: model.parameters[name], dtype: 'F32' }] as const);
  writeSealed(path, { tensors: Object.fromEntries(specs), chunks: chunks() });
  return path;

  function* chunks() {
    for (const name of names)
      for (const { buffer, byteOffset, byteLength } of values(name))
        yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}
