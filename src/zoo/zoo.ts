/** The model zoo of a home: lists, fetches, adds, verifies and removes models. A removal can be undone. */
import { totalmem } from 'node:os';
import { nearest, PermafrostError } from '#contract/errors';
import type { DownloadProgress, ZooModel, ZooServices } from '#contract/zoo';
import { refuseInUse, removeBelow } from '#disk/removable';
import { type AddedModel, changeAdded, readAdded, refuseClash } from './added.ts';
import { readArchitecture } from './architecture.ts';
import { knownRows, rowOf } from './bodies.ts';
import { type CatalogRow, canonicalName, sourceText } from './catalog.ts';
import { fetchModel } from './fetchModel.ts';
import { findNewModel } from './findNewModel.ts';
import { countedOn, fitBytes, sizesOf } from './fit.ts';
import { cachedCommit, hubSettings } from './hubCache.ts';
import { bytesOf, madePlaces, ownPlaces, partialFiles, sharersOf } from './modelPlaces.ts';
import { createPulls } from './pulls.ts';
import type { Patience } from './request.ts';
import { createTrash } from './trash.ts';
import { refuseMisfit, verifyModel } from './verifyModel.ts';
import { findWeights, weightsIn } from './weights.ts';

export interface ZooOptions {
  home: string;
  /** Environment variables such as HF_HOME; by default those of this process. */
  environment?: NodeJS.ProcessEnv;
  patience?: Patience;
  /**
   * Ids of the running or queued runs whose body is the model `name`, whichever of its names their configs use, pretrained or
   * not. None by default. A model that runs use cannot be removed.
   */
  usedBy?(name: string): readonly string[];
}

export interface Zoo extends ZooServices {
  /** Pauses downloads and deletes removed models for good. */
  close(): Promise<void>;
}

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
    const places = ownPlaces(row, home, settings.cache);
    const partial = path === null && partialFiles(places).length > 0;
    return {
      name,
      aliases: row.aliases,
      family: row.body.body.title,
      about: row.about,
      language: row.language,
      licence: row.licence,
      warnings: [...row.warnings, ...changedSince(row)],
      origin: row.added ? 'added' : source.kind === 'embedded' ? 'embedded' : 'published',
      source: sourceText(source),
      revision: source.kind === 'hub' ? source.revision : null,
      precision: row.precision,
      ...sizesOf(row.body),
      countedOn: countedOn(row.body),
      downloadBytes: row.bytes,
      state: path ? 'here' : partial ? 'partial' : 'absent',
      path,
      diskBytes: bytesOf([...places, ...madePlaces(name, home)]),
    };
  }

  /** A warning if the repository has changed since its row was written. */
  function changedSince({ source, seen }: CatalogRow): string[] {
    const commit = source.kind === 'hub' && seen ? cachedCommit(settings.cache, source.repo, source.revision) : null;
    return commit && !commit.startsWith(seen!)
      ? [`The repository has changed: the cache has commit ${commit.slice(0, 7)}, the catalogue describes ${seen}.`]
      : [];
  }

  /** The running pull of the model, or a new one. */
  function pullOf(name: string) {
    const row = known(name);
    return pulls.begin(row.name, async (controls) => {
      if (find(row.name) === null) await fetchModel(row, { home, settings }, { patience, ...controls });
      refuseMisfit(row, find(row.name)!);
      return describe(row);
    });
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
      for (const place of partialFiles(ownPlaces(row, home, settings.cache))) await removeBelow(place);
      pulls.tell();
    },
    pulls: pulls.states,
    subscribe: pulls.subscribe,
    async rm(name) {
      const row = known(name);
      if (row.source.kind === 'embedded')
        throw new PermafrostError('conflict', `${row.name} is part of Permafrost and cannot be removed.`);
      if (pulls.isRunning(row.name))
        throw new PermafrostError('conflict', `${row.name} is being fetched. Cancel that first.`);
      refuseInUse(row.name, usedBy(row.name));
      const entry = readAdded(home).models.find((model) => model.name === row.name);
      const sharers = sharersOf(row, home);
      const own = ownPlaces(row, home, settings.cache);
      const places = [
        ...own.filter(({ owner }) => sharers.length === 0 || owner !== settings.cache),
        ...madePlaces(row.name, home),
      ];
      if (places.length === 0 && !entry)
        throw new PermafrostError(
          'conflict',
          own.length > 0
            ? `${row.name} shares its files with ${sharers.join(', ')}. Remove that first.`
            : `There are no files of ${row.name} on this machine.`,
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
      return verifyModel(row, path, onProgress);
    },
    async add(source, options = {}) {
      const model = await findNewModel(source, options, settings, { patience });
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
