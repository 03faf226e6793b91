/** What a cell of a published table, its answer and its verdict say in words and digits, the same on every screen and in every file. Pure. */
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
