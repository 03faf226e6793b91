/** Fetches the files of a model from its repository on the hub or from its URL. */
import { basename, join } from 'node:path';
import { describeError, PermafrostError } from '#contract/errors';
import type { DownloadProgress } from '#contract/zoo';
import { type CatalogRow, sourceText, weightFiles, weightNames } from './catalog.ts';
import { isIndex, shardPaths } from './checkpointFiles.ts';
import { download } from './download.ts';
import { describeFiles, type FetchOptions, fetchFile, type HubBlob } from './hub.ts';
import type { HubSettings } from './hubCache.ts';

export interface FetchPlaces {
  home: string;
  settings: HubSettings;
}

const mostConfig = 1e6; // bytes; published models have a few thousand

/** Fetches the model's files to where {@link findWeights} finds them. Throws `network`, `disk`, or `conflict` if the model has no remote source. */
export async function fetchModel(
  row: CatalogRow,
  { home, settings }: FetchPlaces,
  options: FetchOptions & { onProgress(progress: DownloadProgress): void },
): Promise<void> {
  const { source, name } = row;
  if (source.kind === 'url') {
    const path = join(home, 'models', name, basename(new URL(source.url).pathname));
    await download({ url: source.url, path, ...options });
    return;
  }
  if (source.kind !== 'hub')
    throw new PermafrostError('conflict', `${name} comes from ${sourceText(source)}, so there is nothing to fetch.`);
  const file = await remoteWeights(row, settings, options);
  const files = isIndex(file.path) ? await remoteShards(file, settings, options) : [file];
  const config = await remoteConfig(settings, file.repo, source.revision, options);
  if (config) await fetchFile(settings, config, { ...options, onProgress: undefined }); // other programs that use the cache need it
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const part of files) {
    const start = before;
    const onProgress = (p: DownloadProgress) => options.onProgress({ ...p, bytes: start + p.bytes, total });
    await fetchFile(settings, part, { ...options, onProgress });
    before += part.bytes;
  }
}

/** The weight file to fetch: the first in order of preference that exists. */
async function remoteWeights(row: CatalogRow, settings: HubSettings, options: FetchOptions): Promise<HubBlob> {
  let refusal: unknown = null;
  for (const { repo, revision, path } of weightFiles(row.source)) {
    try {
      const [file] = await describeFiles(settings, repo, revision, [path], options);
      if (file) return file;
    } catch (error) {
      if (describeError(error).code !== 'network' || options.signal?.aborted) throw error;
      refusal ??= error;
    }
  }
  throw (
    refusal ??
    new PermafrostError(
      'network',
      `The source of ${row.name} has none of the files ${weightNames.join(', ')}. Choose another revision or model.`,
    )
  );
}

/** Fetches an index and describes the files that it names, at the same commit. */
async function remoteShards(file: HubBlob, settings: HubSettings, options: FetchOptions): Promise<HubBlob[]> {
  const names = shardPaths(await fetchFile(settings, file, options)).map((path) => basename(path));
  const found = await describeFiles(settings, file.repo, file.commit, names, options);
  const missing = names.find((name) => !found.some(({ path }) => path === name));
  if (missing)
    throw new PermafrostError(
      'network',
      `${file.repo} lacks ${missing}, which its ${file.path} names. Choose another revision or model.`,
    );
  return found;
}

/** The config.json of a repository; undefined if it has none. Throws `network`. */
export async function remoteConfig(
  settings: HubSettings,
  repo: string,
  revision: string,
  options: FetchOptions,
): Promise<HubBlob | undefined> {
  const [file] = await describeFiles(settings, repo, revision, ['config.json'], options);
  if (file && file.bytes > mostConfig)
    throw new PermafrostError(
      'network',
      `The config.json of ${repo} has ${file.bytes} bytes; expected at most ${mostConfig}. Choose another revision or model.`,
    );
  return file;
}
