/** Models that the user added: `{home}/models/added.json`. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { readArchitecture } from './architecture.ts';
import type { CatalogRow } from './catalog.ts';

const entry = z.object({
  name: z.string().min(1),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('hub'), repo: z.string(), revision: z.string() }),
    z.object({ kind: z.literal('folder'), folder: z.string() }),
  ]),
  /** The model's config.json as it was. */
  config: z.record(z.string(), z.unknown()),
  licence: z.string().nullable().default(null),
});
export type AddedModel = z.infer<typeof entry>;

const place = (home: string): string => join(home, 'models', 'added.json');

/** Rows of the added models. Throws `config` for a file that was damaged. */
export function addedRows(home: string): CatalogRow[] {
  return readAdded(home).map(({ name, source, config, licence }) => ({
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
  }));
}

export function readAdded(home: string): AddedModel[] {
  const path = place(home);
  if (!existsSync(path)) return [];
  try {
    return z.array(entry).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new PermafrostError('config', `${path} is damaged: ${(cause as Error).message}. Mend or delete it.`, {
      cause,
    });
  }
}

export function writeAdded(home: string, models: readonly AddedModel[]): void {
  const path = place(home);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(models, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
