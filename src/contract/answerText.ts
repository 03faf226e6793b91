/** What a cell of a published table, its answer and its verdict say in words and digits, the same on every screen and in every file. Pure. */
import { type ConfigField, type ExperimentConfig, fieldMeta } from './config.ts';
import type { Known } from './knownSettings.ts';
import type { Answer, Contrast, Judgement, Published } from './papers.ts';

/** A number with so many significant digits and no zeros after them. */
export const digits = (value: number, count = 4): string => Number(value.toPrecision(count)).toString();

/** `0.9815 ± 0.002`; a dash where nothing was published. */
export function publishedText(published: Published | null): string {
  if (!published) return '–';
  const { value, spread } = published;
  return spread === null ? digits(value) : `${digits(value)} ± ${digits(spread, 2)}`;
}

/** `low … high` of the 95 % interval; empty without runs. */
export const rangeText = ({ low, high }: Pick<Judgement, 'low' | 'high'>): string =>
  low === null || high === null ? '' : `${digits(low, 3)} … ${digits(high, 3)}`;

export function verdictText({ needs, judgement: { verdict, moreSeeds } }: Answer): string {
  if (needs) return 'not run';
  return moreSeeds ? `${verdict} (${moreSeeds} more seed${moreSeeds === 1 ? '' : 's'})` : verdict;
}

/** What a contrast says of its first column. */
export const conclusionOf = ({ low, high }: Pick<Contrast, 'low' | 'high'>): string =>
  low > 0 ? 'helps' : high < 0 ? 'harms' : "can't tell yet";

export const contrastText = (c: Contrast): string =>
  `${c.row}  ${c.columns}  ${c.gain > 0 ? '+' : ''}${digits(c.gain, 3)} ${c.metric} (${rangeText(c)})  ${conclusionOf(c)}`;

/** How a setting of a published run is known, in a word or two before its source. */
export const knownText: Record<Known, string> = {
  printed: 'Printed',
  committed: 'In the code',
  inferred: 'Inferred',
  chosen: 'Chosen here',
};

/** A setting's value as people write it. */
export const settingText = (value: ExperimentConfig[ConfigField]): string =>
  value === null ? 'none' : typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);

/** `Batch size 25, Early stop none`. */
export const settingsText = (settings: Partial<ExperimentConfig>): string =>
  Object.entries(settings)
    .map(([field, value]) => `${fieldMeta(field as ConfigField).label} ${settingText(value)}`)
    .join(', ');
