/** The models that runs in a home can use: the published ones under all their names, and those that the user added. */

import { type ArchitectureRow, type BodyTable, bodies, isBody, networks } from '#models/index';
import { readAdded } from './added.ts';
import { type CatalogRow, canonicalName, catalog } from './catalog.ts';

/** Every model known in a home. No two rows have the same name. */
export const knownRows = (home: string): CatalogRow[] => [...catalog, ...readAdded(home).rows];

/** The row of a name or alias; undefined if there is none. */
export const rowOf = (home: string, name: string): CatalogRow | undefined =>
  knownRows(home).find((row) => row.name === canonicalName(name));

/** Bodies by every name that a config may use. */
export function knownBodies(home: string): BodyTable {
  const table = { ...bodies };
  for (const { name, aliases, body } of knownRows(home)) {
    if (isBody(body)) for (const known of [name, ...aliases]) if (!Object.hasOwn(table, known)) table[known] = body;
  }
  return table;
}

/** Bodies and networks for lists, each under one name. */
export const listedModels = (home: string): Readonly<Record<string, ArchitectureRow>> => ({
  ...bodies,
  ...Object.fromEntries(Object.entries(networks).flatMap(([name, { card }]) => (card ? [[name, card]] : []))),
  ...Object.fromEntries(knownRows(home).map(({ name, body }) => [name, body])),
});
