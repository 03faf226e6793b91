/** Models that the user added, in `{home}/models/added.json`. A bad entry is ignored with a warning but stays in the file. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { describeError, PermafrostError } from '#contract/errors';
import { localPath, modelName, repository, revision } from '#contract/names';
import { makeFolder, writeAtomically } from '#disk/atomicFile';
import { diskError } from '#disk/troubles';
import { readJson } from '#formats/json';
import { readArchitecture } from './architecture.ts';
import { type CatalogRow, catalog } from './catalog.ts';

const entry = z.object({
  name: modelName,
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('hub'), repo: repository, revision }),
    z.object({ kind: z.literal('folder'), folder: localPath.refine(isAbsolute, 'Expected an absolute path.') }),
  ]),
  /** The content of the model's config.json. */
  config: z.record(z.string(), z.unknown()),
  licence: z.string().nullable().default(null),
});
export type AddedModel = z.infer<typeof entry>;

interface AddedList {
  models: AddedModel[];
  rows: CatalogRow[];
  /** A line for each ignored entry that says which, where and why. */
  warnings: string[];
  /** The ignored entries, as they are in the file. */
  leftOut: unknown[];
}

const place = (home: string): string => join(home, 'models', 'added.json');

/** The added models of a home, without entries that are damaged or that clash with a known name. */
export function readAdded(home: string): AddedList {
  const list: AddedList = { models: [], rows: [], warnings: [], leftOut: [] };
  let entries: unknown[];
  try {
    entries = readEntries(home);
  } catch (error) {
    list.warnings.push(describeError(error).message);
    return list;
  }
  for (const [i, found] of entries.entries()) {
    try {
      const model = readEntry(found);
      const row = rowFrom(model);
      refuseClash(row.name, [...catalog, ...list.rows]);
      list.models.push(model);
      list.rows.push(row);
    } catch (error) {
      const named = JSON.stringify((found as { name?: unknown } | null)?.name);
      const which = `entry ${i + 1}${named ? ` (${named})` : ''}`;
      list.warnings.push(
        `${place(home)}, ${which}: ${describeError(error).message} This entry is ignored. Fix or delete it.`,
      );
      list.leftOut.push(found);
    }
  }
  return list;
}

/** Replaces the models by the result of `change`. Ignored entries stay as they are. Throws `config` if the file is damaged. */
export function changeAdded(home: string, change: (models: AddedModel[]) => AddedModel[]): void {
  readEntries(home); // throws if the file is damaged, which the user must fix
  const { models, leftOut } = readAdded(home);
  const path = place(home);
  makeFolder(dirname(path));
  writeAtomically(path, [Buffer.from(`${JSON.stringify([...leftOut, ...change(models)], null, 2)}\n`)]);
}

/** Throws `conflict` if another model has that name, or if the folder of one model would be inside the other's. */
export function refuseClash(name: string, rows: readonly CatalogRow[]): void {
  const folded = (text: string) => text.toLowerCase(); // some file systems ignore case
  const [wanted, within] = [folded(name), (a: string, b: string) => a.startsWith(`${b}/`)];
  const taken = rows.flatMap((row) => [
    ...[row.name, ...row.aliases].filter((known) => folded(known) === wanted),
    ...[row.name].filter((known) => within(folded(known), wanted) || within(wanted, folded(known))),
  ])[0];
  if (taken === undefined) return;
  const why =
    taken === name
      ? `The zoo already has a model ${name}.`
      : `The zoo already has a model ${taken}, whose folder ${name} would share.`;
  throw new PermafrostError('conflict', `${why} Choose another name (--name).`);
}

function readEntries(home: string): unknown[] {
  const path = place(home);
  if (!existsSync(path)) return [];
  const help = 'Until you fix or delete it, the models that you added are not available.';
  let list: unknown;
  try {
    list = readJson(readFileSync(path), path, 'config');
  } catch (cause) {
    throw new PermafrostError('config', `${diskError(path, cause, 'read').message} ${help}`, { cause });
  }
  if (Array.isArray(list)) return list;
  throw new PermafrostError('config', `${path} is not a list of models. ${help}`);
}

function readEntry(found: unknown): AddedModel {
  const { data, error } = entry.safeParse(found);
  if (data) return data;
  const { path, message } = error.issues[0];
  throw new PermafrostError('config', `${path.length > 0 ? `${path.join('.')}: ` : ''}${message.replace(/\.?$/, '.')}`);
}

const rowFrom = ({ name, source, config, licence }: AddedModel): CatalogRow => ({
  name,
  body: readArchitecture(config, name),
  source,
  aliases: [],
  about: source.kind === 'hub' ? `Added from ${source.repo}.` : `Added from ${source.folder}.`,
  language: 'unknown',
  licence,
  bytes: null,
  precision: 'F32',
  warnings: [],
  added: true,
});
