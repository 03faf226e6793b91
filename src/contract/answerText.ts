/** What a cell of a published table, its answer and its verdict say in words and digits, the same on every screen and in every file. Pure. */
import { type ConfigField, type ExperimentConfig, fieldMeta } from './config.ts';
import type { Known } from './knownSettings.ts';
import type {
  Answer,
  Contrast,
  Difference,
  Judgement,
  Outlook,
  RankCorrelation,
  TableState,
  WeightsAndScore,
} from './papers.ts';
import type { Published } from './paperTable.ts';

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

/** Mark of a verdict that does not survive the correction over all verdicts of its table. */
export const fallsSign = '~';
const signOf = ({ stands }: Pick<Judgement, 'stands'>): string => (stands === false ? ` ${fallsSign}` : '');

export function verdictText({ needs, judgement }: Answer): string {
  if (needs) return 'not run';
  const { verdict, moreSeeds } = judgement;
  const more = moreSeeds ? ` (${moreSeeds} more seed${moreSeeds === 1 ? '' : 's'})` : '';
  return `${verdict}${more}${signOf(judgement)}`;
}

/** `+0.02`. */
export const gainText = ({ gain }: Difference): string => `${gain > 0 ? '+' : ''}${digits(gain, 3)}`;

/** A contrast's verdict, or why there is none. */
export const conclusionText = (contrast: Contrast): string =>
  contrast.unlike.length > 0
    ? `${contrast.verdict}: ${contrast.unlike.join('; ')}`
    : `${contrast.verdict}${signOf(contrast)}`;

export function contrastText(contrast: Contrast): string {
  const { row, columns, metric, difference } = contrast;
  const gain = difference ? `  ${gainText(difference)} ${metric} (${rangeText(difference)})` : '';
  return `${row}  ${columns}${gain}  ${conclusionText(contrast)}`;
}

/** What to think of many verdicts at once; null where there are fewer than two. */
export function chanceText({ answers, contrasts }: Pick<TableState, 'answers' | 'contrasts'>): string | null {
  const count = [...answers.map(({ judgement }) => judgement), ...contrasts].filter(({ p }) => p !== null).length;
  if (count < 2) return null;
  return (
    `Of ${count} verdicts some ${digits(count / 100, 2)} are wrong by chance, about 1 in 100. ` +
    `One marked ${fallsSign} does not survive Holm’s correction at 5 % over all verdicts on cells, or all on gains.`
  );
}

const correlationText = ({ rho, low, high, points }: RankCorrelation): string =>
  `${digits(rho, 2)} (${digits(low, 2)} … ${digits(high, 2)}, ${points} bodies)`;

/** Whether bodies that train more weights score better: a line per column that has enough of them. */
export const weightsAndScoreTexts = (found: readonly WeightsAndScore[]): string[] =>
  found.flatMap(({ column, published, ours }) => {
    const parts = [published && `published ${correlationText(published)}`, ours && `ours ${correlationText(ours)}`];
    const text = parts.filter(Boolean).join(', ');
    return text ? [`${column}: ${text}`] : [];
  });
export const weightsAndScoreTitle =
  'Trained weights and score, rank correlation (positive: more weights, better) with its 95 % interval';

/** What seeds can decide of a table, before anything is trained; null where nothing is compared. */
export function outlookText(answers: readonly Pick<Answer, 'outlook'>[]): string | null {
  const outlooks = answers.flatMap(({ outlook }) => outlook ?? []);
  if (outlooks.length === 0) return null;
  const counts = outlooks.flatMap(({ seeds }) => seeds ?? []);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const seeds = least === most ? `${least}` : `${least} to ${most}`;
  const open = outlooks.length - counts.length;
  return [
    ...(counts.length
      ? [
          `${counts.length} of ${outlooks.length} published numbers can probably be confirmed, with ${seeds} seeds each.`,
        ]
      : []),
    ...(open
      ? [
          `${open} probably by no number of seeds: they are single runs, or spread too widely for the tolerance. Only a large difference can be told there.`,
        ]
      : []),
  ].join(' ');
}

/** The same of one cell. */
export function cellOutlookText({ seeds, power, spread }: Outlook): string {
  const rests =
    spread === null ? 'runs end at one of two peaks and are counted' : `deviation between seeds ${digits(spread, 2)}`;
  const chance = power === null ? '' : `, ${Math.round(100 * power)} % likely`;
  return seeds === null ? `by no number of seeds (${rests}${chance})` : `with ${seeds} seeds (${rests}${chance})`;
}

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
