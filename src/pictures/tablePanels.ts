/** The contents of a forest plot: for each metric a panel of the table's cells and a panel of its contrasts. Pure. */

import { metricText, numberText, plural } from '#contract/format';
import type { MetricName } from '#contract/runRow';
import type { CellResult, Contrast, TableState } from '#contract/tableState';
import {
  bestText,
  conclusionText,
  fallsSign,
  gainText,
  havePublished,
  publishedText,
  rangeText,
  thresholdText,
  unreachedText,
} from '#contract/tableText';
import { marks, marksOf, shownVerdict } from './tableGrid.ts';
import { linearTicks, logTicks } from './ticks.ts';
import { contrastLooks, type Look, verdictLooks } from './verdictLooks.ts';

export interface Span {
  low: number;
  high: number;
}

/** One line of a panel; null values are not drawn. */
export interface PanelLine {
  label: string;
  /** All of it as text, shown at the pointer. */
  about: string;
  published: (Span & { value: number }) | null;
  /** The range in which our number counts as the same. */
  allowed: Span | null;
  floor: number | null;
  ours: (Span & { mean: number }) | null;
  verdict: string;
  look: Look;
}

export interface Panel {
  title: string;
  /** Range of the horizontal axis. */
  scale: Span;
  isLog: boolean;
  ticks: number[];
  /** Whether a line is drawn at 0, where neither side is better. */
  hasZero: boolean;
  /** Lines with or without a heading. */
  groups: { heading: string | null; lines: PanelLine[] }[];
}

export const metricNames: readonly MetricName[] = ['accuracy', 'mae'];
const metricTitles: Record<MetricName | 'steps', string> = {
  accuracy: 'Accuracy (higher is better)',
  mae: 'Mean absolute error (lower is better)',
  steps: 'Steps to a threshold (fewer is faster)',
};
const gainTitles: Record<MetricName, string> = {
  accuracy: 'Gain in accuracy',
  mae: 'Gain: how much lower the error is',
};

/** Panels of the cells that have a number, published or ours; accuracies come first. */
export function cellPanels({ results }: Pick<TableState, 'results'>): Panel[] {
  const isAlone = new Set(results.map(({ cell }) => cell.column)).size === 1;
  return ([...metricNames, 'steps'] as const).flatMap((metric) => {
    const some = results.filter((result) => result.metric === metric && hasNumber(result));
    if (some.length === 0) return [];
    const entries = some.map((result) => ({ group: result.cell.row, line: cellLine(result, isAlone) }));
    const groups = grouped(entries, isAlone);
    const scaled = metric === 'steps' ? stepAxis(groups) : axis(groups, metric === 'accuracy' ? [0, 1] : [0]);
    return [{ title: metricTitles[metric], ...scaled, hasZero: false, groups }];
  });
}

/** Panels of the contrasts that have a gain. */
export function contrastPanels({ contrasts }: Pick<TableState, 'contrasts'>): Panel[] {
  return metricNames.flatMap((metric) => {
    const some = contrasts.filter((contrast) => contrast.metric === metric && contrast.difference);
    if (some.length === 0) return [];
    const pairs = new Set(some.map(({ columns }) => columns));
    const entries = some.map((contrast) => ({ group: contrast.row, line: contrastLine(contrast, pairs.size === 1) }));
    const groups = grouped(entries, pairs.size === 1);
    const title = `${gainTitles[metric]}${pairs.size === 1 ? `, ${[...pairs][0]}` : ''} (right is better)`;
    return [{ title, ...axis(groups, [0]), hasZero: true, groups }];
  });
}

/** Why cells cannot run here or have no number of ours, a line for each reason: `mnist FPT; mnist URT: needs a download`. */
export function cellReasons({ results }: Pick<TableState, 'results'>): string[] {
  const isPublished = havePublished(results);
  return joinedByReason(
    results.flatMap((result) => {
      const { cell, needs, runs } = result;
      const name = [cell.row, cell.column].filter(Boolean).join(' ');
      if (needs !== null && runs.length === 0) return { name, reason: needs };
      const unreached = unreachedText(result);
      if (unreached) return { name, reason: unreached };
      const reason = `${isPublished ? 'no published number, and ' : ''}${runs.length ? 'no finished run' : 'not trained'} yet`;
      return hasNumber(result) ? [] : { name, reason };
    }),
  );
}

/** Why contrasts have no gain. */
export const contrastReasons = ({ contrasts }: Pick<TableState, 'contrasts'>): string[] =>
  joinedByReason(
    contrasts.flatMap(({ row, columns, difference, unlike }) =>
      difference ? [] : { name: `${row} ${columns}`, reason: unlike.join('; ') },
    ),
  );

function joinedByReason(entries: readonly { name: string; reason: string }[]): string[] {
  const reasons = [...new Set(entries.map(({ reason }) => reason))];
  const namesOf = (reason: string) => entries.filter((entry) => entry.reason === reason).map(({ name }) => name);
  return reasons.map((reason) => `${namesOf(reason).join('; ')}: ${reason}.`);
}

const hasNumber = ({ cell, judgement }: CellResult): boolean => cell.published !== null || judgement.mean !== null;

function cellLine(result: CellResult, isAlone: boolean): PanelLine {
  const { cell, judgement, metric } = result;
  const floor = metric === 'steps' ? null : result.floor; // a floor is a score, not a number of steps
  const { published } = cell;
  const { mean, low, high, seeds, tolerance, moreSeeds, stands } = judgement;
  const verdict = shownVerdict(result);
  const more = verdict === "can't tell yet" && moreSeeds !== null ? `, +${plural(moreSeeds, 'seed')}` : '';
  const signs = marksOf(result).map((name) => marks[name].sign);
  const about = [
    [cell.row, cell.column].filter(Boolean).join(' · '),
    published && `Paper ${publishedText(published)}`,
    mean !== null && `Ours ${metricText(mean, metric)} (${rangeText(judgement)}), ${plural(seeds, 'seed')}`,
    ...[thresholdText(result), unreachedText(result), bestText(result)],
    tolerance !== null && `Tolerance ± ${numberText(tolerance, 3)}`,
    floor && `Floor ${metricText(floor.value, metric)} (${floor.predictor})`,
    result.needs,
    verdict,
  ];
  return {
    label: `${isAlone ? cell.row : cell.column}${signs.join('')}`,
    about: about.filter(Boolean).join('. '),
    published: published && { value: published.value, ...around(published.value, published.spread ?? 0) },
    allowed: published && tolerance !== null ? around(published.value, tolerance) : null,
    floor: floor?.value ?? null,
    // a run that diverged has no place on an axis
    ours: mean === null || !Number.isFinite(mean) ? null : { mean, low: low ?? mean, high: high ?? mean },
    verdict:
      verdict === 'no published number'
        ? mean === null
          ? ''
          : metricText(mean, metric)
        : `${verdict}${more}${stands === false && verdict === judgement.verdict ? ` ${fallsSign}` : ''}`,
    look: verdictLooks[verdict],
  };
}

function contrastLine(contrast: Contrast, isAlone: boolean): PanelLine {
  const { row, columns, tolerance, verdict } = contrast;
  const difference = contrast.difference!;
  const { gain, low, high } = difference;
  return {
    label: isAlone ? row : columns,
    about: `${row} · ${columns}. Gain ${gainText(difference)} (${rangeText(difference)}). ${conclusionText(contrast)}`,
    ...{ published: null, floor: null },
    allowed: tolerance === null ? null : around(0, tolerance),
    ours: { mean: gain, low, high },
    verdict: conclusionText(contrast),
    look: contrastLooks[verdict],
  };
}

const around = (value: number, reach: number): Span => ({ low: value - reach, high: value + reach });

/** Groups lines under headings, or all in one group without a heading if `isAlone`, since each line then has a name of its own. */
function grouped(entries: readonly { group: string; line: PanelLine }[], isAlone: boolean): Panel['groups'] {
  if (isAlone) return [{ heading: null, lines: entries.map(({ line }) => line) }];
  return [...new Set(entries.map(({ group }) => group))].map((heading) => ({
    heading,
    lines: entries.filter(({ group }) => group === heading).map(({ line }) => line),
  }));
}

/** An axis that covers all lines and the values in `must`; for accuracies it ends at 0 and 1. */
function axis(groups: Panel['groups'], must: number[]): Pick<Panel, 'scale' | 'ticks' | 'isLog'> {
  const isShare = must.length > 1;
  const seen = isShare ? must : [...must, ...valuesOf(groups)];
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const margin = isShare ? 0 : 0.04 * (high - low || 1);
  const scale = { low: low < 0 ? low - margin : low, high: high + margin };
  return { scale, ticks: linearTicks(scale.low, scale.high, 6), isLog: false };
}

/** A logarithmic axis, since numbers of steps differ by orders of magnitude. */
function stepAxis(groups: Panel['groups']): Pick<Panel, 'scale' | 'ticks' | 'isLog'> {
  const powers = valuesOf(groups).flatMap((value) => (value > 0 ? Math.log10(value) : []));
  const least = Math.floor(Math.min(...powers));
  const scale = { low: 10 ** least, high: 10 ** Math.max(least + 1, Math.ceil(Math.max(...powers))) };
  return { scale, ticks: logTicks(scale.low, scale.high), isLog: true };
}

const valuesOf = (groups: Panel['groups']): number[] =>
  groups.flatMap(({ lines }) =>
    lines.flatMap(({ published, allowed, floor, ours }) =>
      [published, allowed, ours]
        .flatMap((span) => (span ? [span.low, span.high] : []))
        .concat(floor ?? [])
        .filter(Number.isFinite),
    ),
  );
