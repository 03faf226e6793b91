/** The bodies that runs in a home can have: the published ones under all their names, and what the user added. */

import { type ArchitectureRow, type BodyTable, bodies, isBody, networks } from '#models/index';
import { readAdded } from './added.ts';
import { type CatalogRow, canonicalName, catalog } from './catalog.ts';

/** Every model known in a home; a name is in one row only. */
export const knownRows = (home: string): CatalogRow[] => [...catalog, ...readAdded(home).rows];

/** The row of a name or alias; undefined where nothing is known by it. */
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

/** Bodies by one name each, and networks that have sizes, for lists. */
export const listedModels = (home: string): Readonly<Record<string, ArchitectureRow>> => ({
  ...bodies,
  ...Object.fromEntries(Object.entries(networks).flatMap(([name, { card }]) => (card ? [[name, card]] : []))),
  ...Object.fromEntries(knownRows(home).map(({ name, body }) => [name, body])),
});
