/** Where the files of a model of the zoo lie: its own, those made from it, and what an interrupted download left. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesUnder, filesUnder, type Owned } from '#disk/removable';
import { knownRows } from './bodies.ts';
import type { CatalogRow } from './catalog.ts';
import { incomplete } from './download.ts';
import { repoFolder } from './hubCache.ts';
import { bodyFilePrefix } from './weights.ts';

/** Folders that hold a model's own files; a folder that the user added stays the user's. */
export function ownPlaces(row: CatalogRow, home: string, cache: string): Owned[] {
  if (row.source.kind === 'folder') return [];
  const own = { owner: join(home, 'models'), path: join(home, 'models', row.name) };
  const kept = reposOf(row).map((repo) => ({ owner: cache, path: repoFolder(cache, repo) }));
  return [own, ...kept].filter(({ path }) => existsSync(path));
}

/** Current and former names of a model's repository. An added model's name is the user's choice, and may be that of another repository. */
const reposOf = ({ name, source, aliases, added }: CatalogRow): string[] =>
  source.kind === 'hub' ? [...new Set([source.repo, ...(added ? [] : [name, ...aliases])])] : [];

/** Names of the other models whose files lie in a repository of this one. */
export const sharersOf = (row: CatalogRow, home: string): string[] =>
  knownRows(home)
    .filter((other) => other.name !== row.name && reposOf(other).some((repo) => reposOf(row).includes(repo)))
    .map(({ name }) => name);

/** Float32 copies and random bodies made for a model. */
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
