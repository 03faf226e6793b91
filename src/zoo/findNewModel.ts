/** Finds a model that the user adds, in a folder or a repository, and reads its config.json. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { checked, modelName, repository, revision as revisionName } from '#contract/names';
import { readSmallJson } from '#disk/source';
import type { AddedModel } from './added.ts';
import { weightNames } from './catalog.ts';
import { remoteConfig } from './fetchModel.ts';
import { type FetchOptions, fetchFile } from './hub.ts';
import type { HubSettings } from './hubCache.ts';
import { weightsIn } from './weights.ts';

export interface NewModelOptions {
  name?: string;
  /** Revision of the repository. */
  revision?: string;
}

/** The model in a folder, or in a repository `ORG/NAME` of the hub. Throws `config`, `weights`, `network`. */
export async function findNewModel(
  source: string,
  { name, revision = 'main' }: NewModelOptions,
  settings: HubSettings,
  options: FetchOptions,
): Promise<AddedModel> {
  const named = (title: string) => checked(modelName, title, 'Choose another name (--name).');
  if (name !== undefined) named(name);
  checked(revisionName, revision);
  const folder = existsSync(source) ? resolve(statSync(source).isDirectory() ? source : dirname(source)) : null;
  if (folder) {
    const title = named(name ?? basename(folder));
    if (!weightsIn(folder, title))
      throw new PermafrostError(
        'weights',
        `${folder}: expected one of ${weightNames.join(', ')}; found none. Name the folder that holds the model.`,
      );
    const config = readConfig(join(folder, 'config.json'));
    return { name: title, source: { kind: 'folder', folder }, config, licence: null };
  }
  if (!repository.safeParse(source).success)
    throw new PermafrostError(
      'config',
      `${JSON.stringify(source)} is neither a folder nor a Hugging Face repository ORG/NAME. Check the spelling.`,
    );
  const file = await remoteConfig(settings, source, revision, options);
  if (!file)
    throw new PermafrostError(
      'config',
      `${source} has no config.json in the revision ${revision}. Choose another revision or model.`,
    );
  const config = readConfig(await fetchFile(settings, file, options));
  // keeps the commit, so that later runs use the same weights
  return {
    name: name ?? source,
    source: { kind: 'hub', repo: source, revision: file.commit },
    config,
    licence: null,
  };
}

const readConfig = (path: string) => readSmallJson(path, largestConfig, 'config') as Record<string, unknown>;
/** In bytes. A config.json with the classes of ImageNet-21k has 1.6 MB. */
const largestConfig = 2 ** 22;
