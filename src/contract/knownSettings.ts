/** The sources of the settings of published runs: the schema of resources/published/settings.json, and lookups in it. */
import { z } from 'zod';
import { type ConfigField, type ExperimentConfig, someSettings } from './config.ts';

const text = z.string().min(1);

/**
 * How a setting is known. printed: in the publication. committed: in code or a config file of that time. inferred: from other
 * facts. chosen: by this project, because no source states it.
 */
const known = z.enum(['printed', 'committed', 'inferred', 'chosen']);
export type Known = z.infer<typeof known>;

const knownSettingsRow = z.strictObject({
  /** Ids of cells; `*` matches any text. */
  cells: z.array(text).min(1),
  settings: someSettings,
  known,
  /** The source, or the facts that it is inferred from. */
  from: text,
});
export type KnownSettings = z.infer<typeof knownSettingsRow>;

const settingsFile = z.strictObject({ note: text, rows: z.array(knownSettingsRow) });

/** Reads the JSON of settings.json. Throws an internal error that names the row and the field. */
export function readKnownSettings(json: unknown): KnownSettings[] {
  const { data, error } = settingsFile.safeParse(json);
  if (data) return data.rows;
  const [{ path, message }] = error.issues;
  throw new Error(`internal: settings.json, ${path.join('.')}: ${message}.`);
}

export interface KnownSetting {
  value: ExperimentConfig[ConfigField];
  known: Known;
  from: string;
}

const compiled = new Map<string, RegExp>();

/** The regular expression of a pattern, cached because every table tests every row. */
function expressionOf(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const made = new RegExp(`^${parts.join('.*')}$`);
  compiled.set(pattern, made);
  return made;
}

/** The id of a cell, and of the cell that it repeats. */
interface CellName {
  id: string;
  like: string | null;
}

/** Whether a row applies to a cell. */
export const concerns = ({ cells }: KnownSettings, { id, like }: CellName): boolean =>
  cells.some((pattern) => expressionOf(pattern).test(like ?? id));

/** The source of each setting of a cell. Later rows are more specific and override earlier ones. */
export function knownSettings(rows: readonly KnownSettings[], cell: CellName): Map<ConfigField, KnownSetting> {
  const found = new Map<ConfigField, KnownSetting>();
  for (const row of rows) {
    if (!concerns(row, cell)) continue;
    const { settings, known, from } = row;
    for (const [field, value] of Object.entries(settings))
      found.set(field as ConfigField, { value: value as KnownSetting['value'], known, from });
  }
  return found;
}
