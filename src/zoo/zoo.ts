/** The model zoo of a home: what is known, what is here, fetching, adding, removing with undo, verifying. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { describeError, nearest, PermafrostError } from '#contract/errors';
import { checked, modelName, repository, revision as revisionName, sha256Digest } from '#contract/names';
import type { DownloadProgress, VerifyReport, ZooModel, ZooServices } from '#contract/zoo';
import { hashFile } from '#disk/hash';
import { bytesUnder, filesUnder, type Owned, refuseInUse, removeBelow } from '#disk/removable';
import { readSmallFile } from '#disk/source';
import { float32Chunks, isFloat, type StoredArray } from '#formats/array';
import { readJson } from '#formats/json';
import { listProblems, matchCheckpoint } from '#models/match';
import { type AddedModel, changeAdded, readAdded, refuseClash } from './added.ts';
import { readArchitecture } from './architecture.ts';
import { knownRows, rowOf } from './bodies.ts';
import { type CatalogRow, canonicalName, weightFiles, weightNames } from './catalog.ts';
import { checkpointFiles, isIndex, shardPaths, withCheckpoint } from './checkpointFiles.ts';
import { download, incomplete } from './download.ts';
import { countedOn, fitBytes, sizesOf } from './fit.ts';
import { describeFiles, type FetchOptions, fetchFile, type RemoteFile } from './hub.ts';
import { cachedCommit, hubSettings, repoFolder } from './hubCache.ts';
import { createMeter } from './meter.ts';
import { createPulls } from './pulls.ts';
import type { Patience } from './request.ts';
import { createTrash } from './trash.ts';
import { bodyFilePrefix, findWeights, weightsIn } from './weights.ts';

export interface ZooOptions {
  home: string;
  /** HF_HOME and the like; by default this process's. */
  environment?: NodeJS.ProcessEnv;
  patience?: Patience;
  /**
   * Ids of the runs under way or queued whose body is the model of that name, whatever the config calls it, pretrained or
   * not; none by default. Such a model is not removed.
   */
  usedBy?(name: string): readonly string[];
}

export interface Zoo extends ZooServices {
  /** Pauses what is being fetched and deletes what was removed. */
  close(): Promise<void>;
}

const mostConfig = 1e6; // bytes; those of published models have a few thousand

export function createZoo({ home, environment = process.env, patience, usedBy = () => [] }: ZooOptions): Zoo {
  const settings = hubSettings(environment);
  const pulls = createPulls<DownloadProgress, ZooModel>();
  const trash = createTrash();
  const forgotten = new Map<string, AddedModel>(); // added models that were removed
  const find = (name: string) => findWeights(home, name, environment);

  function known(name: string): CatalogRow {
    const row = rowOf(home, name);
    if (row) return row;
    const names = knownRows(home).flatMap((other) => [other.name, ...other.aliases]);
    const leftOut = readAdded(home).warnings.filter((warning) => warning.includes(JSON.stringify(name)));
    const advice = `Did you mean ${nearest(name, names)}? Add another: permafrost zoo add ORG/NAME or FOLDER.`;
    throw new PermafrostError('notFound', [`There is no model "${name}" in the zoo. ${advice}`, ...leftOut].join('\n'));
  }

  function describe(row: CatalogRow): ZooModel {
    const { source, name } = row;
    const path = find(name);
    const places = placesOf(row);
    const partial = path === null && places.some(hasPartial);
    return {
      name,
      aliases: row.aliases,
      family: row.body.body.title,
      about: row.about,
      language: row.language,
      licence: row.licence,
      warnings: [...row.warnings, ...changedSince(row)],
      origin: row.added ? 'added' : source.kind === 'embedded' ? 'embedded' : 'published',
      source: sourceText(row),
      revision: source.kind === 'hub' ? source.revision : null,
      precision: row.precision,
      ...sizesOf(row.body),
      countedOn: countedOn(row.body),
      downloadBytes: row.bytes,
      state: path ? 'here' : partial ? 'partial' : 'absent',
      path,
      diskBytes: bytesOf([...places, ...convertedOf(name)]),
    };
  }

  /** Folders that hold a model's own files; a folder that the user added stays the user's. */
  function placesOf(row: CatalogRow): Owned[] {
    if (row.source.kind === 'folder') return [];
    const own = { owner: join(home, 'models'), path: join(home, 'models', row.name) };
    const kept = reposOf(row).map((repo) => ({ owner: settings.cache, path: repoFolder(settings.cache, repo) }));
    return [own, ...kept].filter(({ path }) => existsSync(path));
  }

  /** Current and former names of a model's repository. An added model's name is the user's choice, and may be that of another repository. */
  const reposOf = ({ name, source, aliases, added }: CatalogRow): string[] =>
    source.kind === 'hub' ? [...new Set([source.repo, ...(added ? [] : [name, ...aliases])])] : [];

  /** Other models of the zoo whose files lie in a place of this one. */
  const sharersOf = (row: CatalogRow): CatalogRow[] =>
    knownRows(home).filter(
      (other) => other.name !== row.name && reposOf(other).some((repo) => reposOf(row).includes(repo)),
    );

  /** Float32 copies and random bodies made for a model. */
  function convertedOf(name: string): Owned[] {
    const owner = join(home, 'cache', 'bodies');
    if (!existsSync(owner)) return [];
    const prefix = bodyFilePrefix(name);
    return readdirSync(owner)
      .filter((file) => file.startsWith(prefix))
      .map((file) => ({ owner, path: join(owner, file) }));
  }

  /** A note when the repository is not what it was when its row was written. */
  function changedSince({ source, seen }: CatalogRow): string[] {
    const commit = source.kind === 'hub' && seen ? cachedCommit(settings.cache, source.repo, source.revision) : null;
    return commit && !commit.startsWith(seen!)
      ? [`The repository has changed: this is commit ${commit.slice(0, 7)}, the catalogue knows ${seen}.`]
      : [];
  }

  /** The file to fetch the weights from: the first in the row's order that exists. */
  async function remoteWeights(row: CatalogRow, options: FetchOptions): Promise<RemoteFile> {
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
        `${row.name} has none of ${weightNames.join(', ')} at its source. Choose another revision or model.`,
      )
    );
  }

  async function remoteConfig(repo: string, revision: string, options: FetchOptions): Promise<RemoteFile | undefined> {
    const [file] = await describeFiles(settings, repo, revision, ['config.json'], options);
    if (file && file.bytes > mostConfig)
      throw new PermafrostError(
        'network',
        `config.json of ${repo} has ${file.bytes} bytes; expected at most ${mostConfig}. Choose another revision or model.`,
      );
    return file;
  }

  async function fetchModel(row: CatalogRow, options: FetchOptions & { onProgress(p: DownloadProgress): void }) {
    const { source, name } = row;
    if (source.kind === 'url') {
      const path = join(home, 'models', name, basename(new URL(source.url).pathname));
      await download({ url: source.url, path, ...options });
      return;
    }
    if (source.kind !== 'hub')
      throw new PermafrostError('conflict', `${name} comes from ${sourceText(row)}; there is nothing to fetch.`);
    const file = await remoteWeights(row, options);
    const files = isIndex(file.path) ? await remoteShards(file, options) : [file];
    const config = await remoteConfig(file.repo, source.revision, options);
    if (config) await fetchFile(settings, config, { ...options, onProgress: undefined }); // for other programs that read the cache
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let before = 0;
    for (const part of files) {
      const start = before;
      const onProgress = (p: DownloadProgress) => options.onProgress({ ...p, bytes: start + p.bytes, total });
      await fetchFile(settings, part, { ...options, onProgress });
      before += part.bytes;
    }
  }

  /** The files that an index names, of the same commit; the index is fetched for that. */
  async function remoteShards(file: RemoteFile, options: FetchOptions): Promise<RemoteFile[]> {
    const names = shardPaths(await fetchFile(settings, file, options)).map((path) => basename(path));
    const found = await describeFiles(settings, file.repo, file.commit, names, options);
    const missing = names.find((name) => !found.some(({ path }) => path === name));
    if (missing)
      throw new PermafrostError(
        'network',
        `${file.repo} has no ${missing}, which its ${file.path} names. Choose another revision or model.`,
      );
    return found;
  }

  /** The fetching that is under way, or a new one. */
  function pullOf(name: string) {
    const row = known(name);
    return pulls.begin(row.name, async (controls) => {
      if (find(row.name) === null) await fetchModel(row, { patience, ...controls });
      refuseMisfit(row, find(row.name)!);
      return describe(row);
    });
  }

  async function addFrom(source: string, { name, revision = 'main' }: { name?: string; revision?: string }) {
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
      return { name: title, source: { kind: 'folder' as const, folder }, config, licence: null };
    }
    if (!repository.safeParse(source).success)
      throw new PermafrostError(
        'config',
        `${JSON.stringify(source)} is neither a folder nor a Hugging Face repository ORG/NAME. Check how it is written.`,
      );
    const file = await remoteConfig(source, revision, { patience });
    if (!file) throw new PermafrostError('config', `${source} has no config.json at ${revision}.`);
    const config = readConfig(await fetchFile(settings, file, { patience }));
    // the commit is kept, so that runs of next year use the same weights
    return {
      name: name ?? source,
      source: { kind: 'hub' as const, repo: source, revision: file.commit },
      config,
      licence: null,
    };
  }

  return {
    list: () => knownRows(home).map(describe),
    warnings: () => readAdded(home).warnings,
    get: (name) => describe(known(name)),
    fit(name, batch, frozen = true) {
      const [bytes, memory] = [fitBytes(known(name).body, batch, frozen), totalmem()];
      return { bytes, memory, fits: bytes < 0.7 * memory ? 'yes' : bytes < 0.95 * memory ? 'tight' : 'no' };
    },
    async pull(name, { signal, onProgress } = {}) {
      const pull = pullOf(name);
      const abort = () => pull.stop.abort(signal?.reason);
      const listen = () => pull.state.progress && onProgress?.(pull.state.progress);
      signal?.addEventListener('abort', abort);
      const unsubscribe = pulls.subscribe(listen);
      try {
        return await pull.done;
      } finally {
        signal?.removeEventListener('abort', abort);
        unsubscribe();
      }
    },
    startPull: (name) => void pullOf(name),
    pause: (name) => pulls.pause(canonicalName(name)),
    async cancel(name) {
      const row = known(name);
      await pulls.forget(row.name);
      for (const { path: owner } of placesOf(row))
        for (const path of partialsUnder(owner)) await removeBelow({ owner, path });
      pulls.tell();
    },
    pulls: pulls.states,
    subscribe: pulls.subscribe,
    async rm(name) {
      const row = known(name);
      if (row.source.kind === 'embedded')
        throw new PermafrostError('conflict', `${row.name} comes with Permafrost and stays.`);
      if (pulls.isRunning(row.name))
        throw new PermafrostError('conflict', `${row.name} is being fetched. Cancel that first.`);
      refuseInUse(row.name, usedBy(row.name));
      const entry = readAdded(home).models.find((model) => model.name === row.name);
      const sharers = sharersOf(row).map(({ name }) => name);
      const places = [
        ...placesOf(row).filter(({ owner }) => sharers.length === 0 || owner !== settings.cache),
        ...convertedOf(row.name),
      ];
      if (places.length === 0 && !entry)
        throw new PermafrostError(
          'conflict',
          placesOf(row).length > 0
            ? `${row.name} shares its files with ${sharers.join(', ')}. Remove that first.`
            : `Nothing of ${row.name} is on this machine.`,
        );
      const bytes = bytesOf(places);
      await trash.put(row.name, places, bytes);
      if (entry) {
        changeAdded(home, (models) => models.filter(({ name }) => name !== entry.name));
        forgotten.set(row.name, entry);
      }
      await pulls.forget(row.name);
      pulls.tell();
      return bytes;
    },
    removed: trash.list,
    async restore(name) {
      const canonical = canonicalName(name);
      await trash.takeBack(canonical);
      const entry = forgotten.get(canonical);
      if (entry && !rowOf(home, canonical)) changeAdded(home, (models) => [...models, entry]);
      forgotten.delete(canonical);
      pulls.tell();
      return describe(known(name));
    },
    async verify(name, onProgress) {
      const row = known(name);
      const path = find(row.name);
      if (path === null)
        throw new PermafrostError(
          'weights',
          `${row.name} is not on this machine. Fetch it: permafrost zoo pull ${row.name}`,
        );
      const expected = expectedDigest(row, path);
      const { bytes, sha256, files } = await hashFiles(checkpointFiles(path), onProgress);
      const altered = files.flatMap((file) => {
        const wanted = files.length === 1 ? expected : blobDigest(file.path);
        if (!wanted || wanted === file.sha256) return [];
        const which = files.length === 1 ? '' : `${basename(file.path)}: `;
        return `${which}SHA-256 is ${file.sha256}, expected ${wanted}`;
      });
      const problems = [...altered, ...inspect(row, path, { values: true }).problems];
      return { name: row.name, path, bytes, sha256, expected, problems } satisfies VerifyReport;
    },
    async add(source, options = {}) {
      const model = await addFrom(source, options);
      const body = readArchitecture(model.config, model.name);
      refuseClash(model.name, knownRows(home));
      if (model.source.kind === 'folder')
        refuseMisfit({ name: model.name, body }, weightsIn(model.source.folder, model.name)!);
      changeAdded(home, (models) => [...models, model]);
      pulls.tell();
      return describe(known(model.name));
    },
    async close() {
      await pulls.close();
      await trash.empty();
    },
  };
}

function sourceText({ source }: CatalogRow): string {
  if (source.kind === 'hub') return source.repo;
  if (source.kind === 'url') return source.url;
  return source.kind === 'folder' ? source.folder : 'Permafrost';
}

const readConfig = (path: string) =>
  readJson(readSmallFile(path, largestConfig), path, 'config') as Record<string, unknown>;
/** Bytes; a config.json with the classes of ImageNet-21k has 1.6 MB. */
const largestConfig = 2 ** 22;

interface Inspection {
  /** Missing, surplus and misshapen weights, and values that are not finite. */
  problems: string[];
  /** The first arrays of the checkpoint, in words. */
  contents: string;
}

/** What is wrong with a checkpoint; reads its table of contents, and with `values` every weight. */
function inspect(
  { body: { body, config } }: Pick<CatalogRow, 'body'>,
  path: string,
  { values = false } = {},
): Inspection {
  return withCheckpoint(path, ({ arrays }) => {
    const shapes = body.parameters(config);
    const needed = Object.keys(shapes).filter((name) => ![...body.unused, ...body.notLoaded].includes(name));
    const { found, problems } = matchCheckpoint(arrays, body.fromCheckpoint([...arrays.keys()]), shapes, needed);
    const stored = [...found.values()].map(({ name }) => name);
    return {
      problems: values
        ? [...problems, ...stored.flatMap((name) => valueProblem(name, arrays.get(name)!) ?? [])]
        : problems,
      contents: contentsOf(arrays),
    };
  });
}

/** The first value of an array that is not finite, or why its values cannot be read; null if there is no problem. */
function valueProblem(name: string, array: StoredArray): string | null {
  if (!isFloat(array)) return null;
  try {
    for (const chunk of float32Chunks(array)) {
      const odd = chunk.find((value) => !Number.isFinite(value));
      if (odd !== undefined) return `${name} has ${Number.isNaN(odd) ? 'NaN' : 'an infinite value'}`;
    }
    return null;
  } catch (error) {
    if (error instanceof PermafrostError) return `${name} cannot be read: ${error.message}`;
    throw error;
  }
}

const mostNamed = 4;
function contentsOf(arrays: ReadonlyMap<string, StoredArray>): string {
  const first = [...arrays].slice(0, mostNamed).map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`);
  const rest = arrays.size > mostNamed ? `, and ${arrays.size - mostNamed} more` : '';
  return `It has ${first.join(', ')}${rest}`;
}

function refuseMisfit(row: Pick<CatalogRow, 'name' | 'body'>, path: string): void {
  const { problems, contents } = inspect(row, path);
  if (problems.length > 0)
    throw new PermafrostError(
      'weights',
      `${path} is not a checkpoint of ${row.name}: ${listProblems(problems)}. ${contents}.`,
    );
}

/** The hub names large blobs by their SHA-256. */
function blobDigest(path: string): string | null {
  const blob = basename(realpathSync(path));
  return sha256Digest.safeParse(blob).success ? blob : null;
}
const expectedDigest = ({ sha256 }: CatalogRow, path: string): string | null => blobDigest(path) ?? sha256 ?? null;

/** SHA-256 of each file, and of all of them one after the other. */
async function hashFiles(paths: readonly string[], onProgress?: (progress: DownloadProgress) => void) {
  const size = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const [all, meter] = [paths.length > 1 ? createHash('sha256') : null, createMeter()];
  const files: { path: string; sha256: string }[] = [];
  let [bytes, told] = [0, 0];
  meter.start(0, performance.now());
  for (const path of paths) {
    const { hash } = await hashFile(path, 'sha256', (chunk) => {
      all?.update(chunk);
      bytes += chunk.length;
      const now = performance.now();
      if (now - told < 100 && bytes < size) return;
      told = now;
      onProgress?.(meter.progress(bytes, size, now));
    });
    files.push({ path, sha256: hash });
  }
  return { bytes, sha256: all?.digest('hex') ?? files[0].sha256, files };
}

const bytesOf = (places: readonly Owned[]): number => places.reduce((sum, { path }) => sum + bytesUnder(path), 0);
/** Files whose download was interrupted. */
const partialsUnder = (folder: string): string[] => filesUnder(folder).filter((path) => path.endsWith(incomplete('')));
const hasPartial = ({ path }: Owned): boolean => partialsUnder(path).length > 0;
