/** Published numbers, results and verdicts as text, the same on every screen and in every file. */
import { type ConfigField, type ExperimentConfig, fieldMeta } from './config.ts';
import { countText, numberText, percentText, plural } from './format.ts';
import type { Known } from './knownSettings.ts';
import type { Published } from './paperTable.ts';
import type {
  CellResult,
  Contrast,
  GainEstimate,
  Judgement,
  Outlook,
  RankCorrelation,
  TableState,
  WeightsAndScore,
} from './tableState.ts';

/** `0.9815 ± 0.002`; a dash if nothing was published. */
export function publishedText(published: Published | null): string {
  if (!published) return '–';
  const { metric, value, spread } = published;
  if (metric === 'steps') return countText(value);
  return spread === null ? numberText(value) : `${numberText(value)} ± ${numberText(spread, 2)}`;
}

/** `low … high` of the 95 % interval; empty without runs. */
export const rangeText = ({ low, high }: Pick<Judgement, 'low' | 'high'>): string =>
  low === null || high === null ? '' : `${numberText(low, 3)} … ${numberText(high, 3)}`;

/** Whether some of a table's cells have a published number. Where none has, columns are compared with each other alone. */
export const havePublished = (results: readonly Pick<CellResult, 'cell'>[]): boolean =>
  results.some(({ cell }) => cell.published !== null);

/** Marks a verdict that does not survive Holm's correction over its table. */
export const fallsSign = '~';
const signOf = ({ stands }: Pick<Judgement, 'stands'>): string => (stands === false ? ` ${fallsSign}` : '');

/** Why steps until a threshold have no verdict. */
export const notComparedText = 'the source does not say when a run counts as converged';

/** How many runs of a cell did not reach its threshold; empty if all did, and for results other than steps. */
export function unreachedText({ steps }: Pick<CellResult, 'steps'>): string {
  const short = steps?.runs.filter(({ step }) => step === null) ?? [];
  if (short.length === 0) return '';
  const most = Math.max(...short.map(({ of }) => of));
  return `${short.length} of ${plural(steps!.runs.length, 'run')} did not reach ${numberText(steps!.threshold)} in ${plural(most, 'step')}`;
}

/** `steps to 0.9`, for a cell that counts steps; empty for others. */
export const thresholdText = ({ steps }: Pick<CellResult, 'steps'>): string =>
  steps ? `steps to ${numberText(steps.threshold)}` : '';

/** `0.75`, for a score whose floor is known; else empty. */
export const floorText = ({ floor, metric }: Pick<CellResult, 'floor' | 'metric'>): string =>
  floor && metric !== 'steps' ? numberText(floor.value) : '';

/** `Learning rate 0.001, the best of 5 during training`; empty for a cell with runs of its own. */
export const bestText = ({ best }: Pick<CellResult, 'best'>): string =>
  best
    ? `${settingsText(best.settings)}, the best of ${best.tried === best.of ? best.of : `${best.tried} tried of ${best.of}`} during training`
    : '';

/** Empty where there is nothing to judge by. */
export function verdictText({ needs, judgement }: CellResult): string {
  if (needs) return 'not run';
  const { verdict, moreSeeds } = judgement;
  if (verdict === 'no published number') return '';
  if (verdict === 'not compared') return `${verdict}: ${notComparedText}`;
  const more = moreSeeds ? ` (${plural(moreSeeds, 'more seed')})` : '';
  return `${verdict}${more}${signOf(judgement)}`;
}

/** `+0.02`. */
export const gainText = ({ gain }: GainEstimate): string => `${gain > 0 ? '+' : ''}${numberText(gain, 3)}`;

/** A contrast's verdict, with the reason if the columns are not compared. */
export const conclusionText = (contrast: Contrast): string =>
  contrast.unlike.length > 0
    ? `${contrast.verdict}: ${contrast.unlike.join('; ')}`
    : `${contrast.verdict}${signOf(contrast)}`;

export function contrastText(contrast: Contrast): string {
  const { row, columns, metric, difference } = contrast;
  const gain = difference ? `  ${gainText(difference)} ${metric} (${rangeText(difference)})` : '';
  return `${row}  ${columns}${gain}  ${conclusionText(contrast)}`;
}

/** How many of a table's verdicts are probably wrong; null with fewer than two verdicts. */
export function chanceText({ results, contrasts }: Pick<TableState, 'results' | 'contrasts'>): string | null {
  const count = [...results.map(({ judgement }) => judgement), ...contrasts].filter(({ p }) => p !== null).length;
  if (count < 2) return null;
  return (
    `About 1 in 100 verdicts is wrong by chance, so about ${numberText(count / 100, 2)} of these ${count}. ` +
    `A verdict marked ${fallsSign} does not survive Holm’s correction at 5 %, over all verdicts on cells or over all on gains.`
  );
}

const correlationText = ({ rho, low, high, points }: RankCorrelation): string =>
  `${numberText(rho, 2)} (${numberText(low, 2)} … ${numberText(high, 2)}, ${points} bodies)`;

/** Whether bodies that train more weights score better: a line for each column with enough bodies. */
export const weightsAndScoreTexts = (found: readonly WeightsAndScore[]): string[] =>
  found.flatMap(({ column, published, ours }) => {
    const parts = [published && `published ${correlationText(published)}`, ours && `ours ${correlationText(ours)}`];
    const text = parts.filter(Boolean).join(', ');
    return text ? [`${column}: ${text}`] : [];
  });
export const weightsAndScoreTitle =
  'Trained weights and score, rank correlation (positive: more weights, better) with its 95 % interval';

/** How many verdicts of a table seeds can decide, predicted before training; null if nothing is compared. */
export function outlookText(results: readonly Pick<CellResult, 'outlook'>[]): string | null {
  const outlooks = results.flatMap(({ outlook }) => outlook ?? []);
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
          `${open} probably cannot be confirmed with any number of seeds: they are single runs, or spread too widely for the tolerance. For these, only a large difference can be shown.`,
        ]
      : []),
  ].join(' ');
}

/** How many seeds would decide one cell, and what that assumes. */
export function cellOutlookText({ seeds, power, spread }: Outlook): string {
  const basis =
    spread === null
      ? 'runs end at one of two peaks and are counted'
      : `deviation between seeds ${numberText(spread, 2)}`;
  const chance = power === null ? '' : `, ${percentText(power)} likely`;
  return seeds === null
    ? `not with any number of seeds (${basis}${chance})`
    : `with ${seeds} seeds (${basis}${chance})`;
}

/** How a setting of a published run is known, as a heading before its source. */
export const knownText: Record<Known, string> = {
  printed: 'Printed',
  committed: 'In the code',
  inferred: 'Inferred',
  chosen: 'Chosen here',
};

/** A setting's value as text. */
export const settingText = (value: ExperimentConfig[ConfigField]): string =>
  value === null ? 'none' : typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);

/** `Batch size 25, Early stop none`. */
export const settingsText = (settings: Partial<ExperimentConfig>): string =>
  Object.entries(settings)
    .map(([field, value]) => `${fieldMeta(field as ConfigField).label} ${settingText(value)}`)
    .join(', ');
