/**
 * Where a run's parameters come from. A pretrained body is read from its safetensors file (`zoo/weights`); a
 * random one is made from the seed and kept in `{home}/cache/bodies`. Either way the frozen part of the body lies in one
 * file that the runtime maps, and only what is trained is copied into memory.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Frozen } from '#engine/program';
import type { Initial } from '#engine/state';
import { readSafetensors, type StoredTensor, safetensorsHeader, tensorData } from '#formats/safetensors';
import type { Model } from '#models/index';
import { trainedNames as trainedNamesOf } from '#models/steps';
import { findWeights, ownWeights } from '#zoo/weights';
import { makeFolder, sweepDrafts, withFile, writeAtomically } from './files.ts';

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

/** Names of the transformer's parameters in a model begin so; the rest is the small input and output networks. */
const bodyPrefix = 'transformer.';

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
      `There are no weights of ${config.model_name}: looked for ${ownWeights(home, config.model_name)}. Put the model's model.safetensors there, or set pretrained to false.`,
    );
  }
  const found = matchNames(config.model_name, path, names, model);
  const mappable = [...found.values()].every(({ dtype, offset }) => dtype === 'F32' && offset % 4 === 0);
  return mappable ? path : float32Copy(options, path, found);
}

/** The body's values in a float32 file, to be mapped or read. */
function openBody(path: string, model: Model): { frozen(name: string): Frozen; read(name: string): Float32Array } {
  const tensors = withFile(path, (source) => bodyNames(readSafetensors(source).tensors));
  const read = (name: string) => withFile(path, (source) => tensorData(source, tensors.get(name)!) as Float32Array);
  return {
    read,
    frozen(name) {
      const { offset, length } = tensors.get(name)!;
      return { shape: model.parameters[name], file: { name: basename(path), offset, length }, read: () => read(name) };
    },
  };
}

/** Tensors of a checkpoint under a model's names: bare GPT-2 files say `h.0…`, language-model files `transformer.h.0…`. */
function bodyNames(tensors: Map<string, StoredTensor>): Map<string, StoredTensor> {
  const prefixed = [...tensors.keys()].some((name) => name.startsWith(bodyPrefix));
  return prefixed ? tensors : new Map([...tensors].map(([name, tensor]) => [bodyPrefix + name, tensor]));
}

const listed = 8;
const floats: readonly string[] = ['F32', 'F16', 'BF16'];

/** The body's tensors in a checkpoint. Throws `weights` listing every one that is missing, of another shape or not of numbers. */
function matchNames(modelName: string, path: string, names: string[], model: Model): Map<string, StoredTensor> {
  const all = withFile(path, (source) => bodyNames(readSafetensors(source).tensors));
  const wrong: string[] = [];
  for (const name of names) {
    const [stored, shape] = [all.get(name), model.parameters[name]];
    const short = name.slice(bodyPrefix.length);
    if (!stored) wrong.push(`${short} is missing`);
    else if (String(stored.shape) !== String(shape)) wrong.push(`${short} is [${stored.shape}], expected [${shape}]`);
    else if (!floats.includes(stored.dtype)) wrong.push(`${short} is ${stored.dtype}, expected ${floats.join(', ')}`);
  }
  if (wrong.length > 0) {
    const rest = wrong.length > listed ? ` and ${wrong.length - listed} more` : '';
    throw new PermafrostError(
      'weights',
      `${path} is not a checkpoint of ${modelName}: ${wrong.slice(0, listed).join('; ')}${rest}. Put that model's file there or choose the model_name it belongs to.`,
    );
  }
  return new Map(names.map((name) => [name, all.get(name)!]));
}

const cachePath = (home: string, key: unknown): string => {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24);
  return join(home, 'cache', 'bodies', `${hash}.safetensors`);
};

const randomFormat = 1; // change it when initial values change

/** A random body's file, written once per body and seed and shared by runs whatever they freeze. */
function randomBody({ config, model, home, log }: WeightsOptions, names: string[]): string {
  const path = cachePath(home, [randomFormat, config.model_name, model.bodyConfig, names, config.seed]);
  return cached(
    path,
    model,
    names,
    (name) => model.initialValue(name, config.seed),
    () => log(`Making random weights for ${config.model_name}, once per seed.`),
  );
}

/** A float32 copy of a checkpoint in another float type, which the runtime cannot map as it is. */
function float32Copy(
  { config, model, home, log }: WeightsOptions,
  path: string,
  found: Map<string, StoredTensor>,
): string {
  const { size, mtimeMs } = statSync(path);
  const value = (name: string) => withFile(path, (source) => tensorData(source, found.get(name)!) as Float32Array);
  return cached(cachePath(home, [path, size, mtimeMs]), model, [...found.keys()], value, () =>
    log(`Writing a float32 copy of the weights of ${config.model_name}, once.`),
  );
}

function cached(
  path: string,
  model: Model,
  names: string[],
  value: (name: string) => Float32Array,
  onWrite: () => void,
): string {
  if (existsSync(path)) return path;
  onWrite();
  makeFolder(dirname(path));
  sweepDrafts(dirname(path));
  const specs = names.map((name) => [name, { shape: model.parameters[name], dtype: 'F32' }] as const);
  writeAtomically(path, chunks());
  return path;

  function* chunks() {
    yield safetensorsHeader(Object.fromEntries(specs)).header;
    for (const name of names) {
      const { buffer, byteOffset, byteLength } = value(name);
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
}
