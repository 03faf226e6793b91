/** Finds the files of a model of the zoo: its own, those made from it, and those of interrupted downloads. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesUnder, filesUnder, type Owned } from '#disk/removable';
import { knownRows } from './bodies.ts';
import type { CatalogRow } from './catalog.ts';
import { incomplete } from './download.ts';
import { repoFolder } from './hubCache.ts';
import { bodyFilePrefix } from './weights.ts';

/** Folders of a model's own files. A folder that the user added is not among them. */
export function ownPlaces(row: CatalogRow, home: string, cache: string): Owned[] {
  if (row.source.kind === 'folder') return [];
  const own = { owner: join(home, 'models'), path: join(home, 'models', row.name) };
  const kept = reposOf(row).map((repo) => ({ owner: cache, path: repoFolder(cache, repo) }));
  return [own, ...kept].filter(({ path }) => existsSync(path));
}

/** Current and former names of a model's repository. The name of an added model is the user's choice, so it says nothing about its repository. */
const reposOf = ({ name, source, aliases, added }: CatalogRow): string[] =>
  source.kind === 'hub' ? [...new Set([source.repo, ...(added ? [] : [name, ...aliases])])] : [];

/** Names of other models whose files are in a repository of this one. */
export const sharersOf = (row: CatalogRow, home: string): string[] =>
  knownRows(home)
    .filter((other) => other.name !== row.name && reposOf(other).some((repo) => reposOf(row).includes(repo)))
    .map(({ name }) => name);

/** Files made from a model: float32 copies and random bodies. */
export function madePlaces(name: string, home: string): Owned[] {
  const owner = join(home, 'cache', 'bodies');
  if (!existsSync(owner)) return [];
  const prefix = bodyFilePrefix(name);
  return readdirSync(owner)
    .filter((file) => file.startsWith(prefix))
    .map((file) => ({ owner, path: join(owner, file) }));
}

/** The files of interrupted downloads. */
export const partialFiles = (places: readonly Owned[]): Owned[] =>
  places.flatMap(({ path: owner }) =>
    filesUnder(owner)
      .filter((path) => path.endsWith(incomplete('')))
      .map((path) => ({ owner, path })),
  );

export const bytesOf = (places: readonly Owned[]): number =>
  places.reduce((sum, { path }) => sum + bytesUnder(path), 0);
