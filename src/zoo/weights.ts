/** Finds the weights of a body on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelName } from '#contract/names';
import { rowOf } from './bodies.ts';
import { canonicalName, weightFiles, weightNames } from './catalog.ts';
import { checkpointFiles } from './checkpointFiles.ts';
import { cachedFile, hubSettings } from './hubCache.ts';

const embedded = join(import.meta.dirname, '..', '..', 'resources', 'zoo');
const fileName = 'model.safetensors';

/** File names of a model's weights, in order of preference. */
const fileNames = (name: string): string[] => [...weightNames, `${name.split('/').at(-1)}.npz`];

/** Path at which a user may put the weights of a body. */
export const ownWeights = (home: string, name: string): string => join(home, 'models', canonicalName(name), fileName);

/** The weight file of a folder, or the index of several; null if it has none. */
export const weightsIn = (folder: string, name: string): string | null =>
  fileNames(name)
    .map((file) => join(folder, file))
    .find((path) => existsSync(path)) ?? null;

/**
 * Finds the weight file of a body, or the index of several: in the body's folder in the home, in Permafrost itself, in an added
 * folder, or in the Hugging Face cache. Null if there is none.
 */
export function findWeights(home: string, name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
  const known = canonicalName(name);
  if (!modelName.safeParse(known).success) return null; // only a valid name may become part of a path
  const own = weightsIn(join(home, 'models', known), known) ?? weightsIn(join(embedded, known), known);
  const source = own === null ? rowOf(home, known)?.source : undefined;
  if (source?.kind === 'folder') return weightsIn(source.folder, known);
  if (source?.kind !== 'hub') return own;
  const { cache } = hubSettings(environment);
  const old = { ...source, repo: known }; // for files fetched by another program before the repository was renamed
  const files = [...weightFiles(source), ...weightFiles(old)];
  return files.map((file) => cachedFile(cache, file)).find((path) => path !== null && isWhole(path)) ?? null;
}

/** Whether every file of a checkpoint has been fetched. True for a damaged index too, which then fails when it is read. */
function isWhole(path: string): boolean {
  try {
    return checkpointFiles(path).every((file) => existsSync(file));
  } catch {
    return true;
  }
}

/** Prefix of the files that are made from a body, in `{home}/cache/bodies`. */
export const bodyFilePrefix = (name: string): string => `${canonicalName(name).replaceAll('/', '--')}@`;
