/** How the settings of published runs are known. Pure; the rows lie in resources/published/settings.json. */
import type { ConfigField, ExperimentConfig } from './config.ts';

/**
 * printed: beside the number, or in the text of the publication. committed: in code or a config file of its time.
 * inferred: from other facts. chosen: by this project, since no source says.
 */
export type Known = 'printed' | 'committed' | 'inferred' | 'chosen';

export interface KnownSettings {
  /** Ids of cells; `*` stands for anything. */
  cells: string[];
  settings: Partial<ExperimentConfig>;
  known: Known;
  /** The source, or the facts that it is inferred from. */
  from: string;
}

export interface KnownSetting {
  value: ExperimentConfig[ConfigField];
  known: Known;
  from: string;
}

const compiled = new Map<string, RegExp>();

/** The expression of a pattern, made once: every table asks for every row. */
function expressionOf(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const made = new RegExp(`^${parts.join('.*')}$`);
  compiled.set(pattern, made);
  return made;
}

/** A cell by its id and that of the cell that it repeats. */
interface CellName {
  id: string;
  like: string | null;
}

/** Whether the row says something of the cell. */
export const concerns = ({ cells }: KnownSettings, { id, like }: CellName): boolean =>
  cells.some((pattern) => expressionOf(pattern).test(like ?? id));

/** What is known of each setting of a cell. Later rows win, since they are more particular. */
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
