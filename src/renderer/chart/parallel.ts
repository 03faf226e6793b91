/** The layout of parallel coordinates: an axis per setting and one for the result, a line per run across all of them. Pure. */
import { linearTicks, logTicks, tickLabel } from '#pictures/ticks';

export type Coordinate = string | number | boolean | null;

/** A requested axis. */
export interface Dimension {
  label: string;
  /** One per line; null: the line has no value there. */
  values: readonly Coordinate[];
  /** Logarithmic, if every value is positive. */
  isLog: boolean;
}

export interface Tick {
  /** Pixels from the upper end of the axis. */
  y: number;
  text: string;
}

export interface PlacedAxis {
  label: string;
  ticks: Tick[];
  /** Where each line crosses the axis, in pixels from its upper end; null: it does not cross. */
  crossings: (number | null)[];
}

/** Up to this many different values are all labelled. */
const fewValues = 10;
/** Least pixels between two tick labels. */
const gap = 14;

/** Places numbers on a scale, and anything else at equal distances, as well as numbers of a field that some runs leave empty. */
export function placedAxis({ label, values, isLog }: Dimension, height: number): PlacedAxis {
  const numbers = values.filter((value) => typeof value === 'number');
  const scale =
    numbers.length === values.length ? numberScale(numbers, { isLog, few: fewValues, digits: 8 }) : nameScale(values);
  return {
    label,
    ticks: apart(scale.ticks.map(({ share, text }) => ({ y: (1 - share) * height, text }))),
    crossings: values.map((value) => (1 - scale.shareOf(value)) * height),
  };
}

/** The axis of the results: a scale with labels at both ends. Lines without a result do not reach it. */
export function resultAxis(label: string, values: readonly (number | null)[], height: number): PlacedAxis {
  const numbers = values.filter((value) => value !== null);
  const { shareOf, ticks } = numberScale(numbers, { isLog: false, few: 0, digits: 4 });
  return {
    label,
    ticks: apart(ticks.map(({ share, text }) => ({ y: (1 - share) * height, text }))),
    crossings: values.map((value) => (value === null ? null : (1 - shareOf(value)) * height)),
  };
}

interface Scale {
  /** 0 at the lower end, 1 at the upper. */
  shareOf(value: Coordinate): number;
  ticks: { share: number; text: string }[];
}

/** Labels all values if there are at most `few`, else round numbers and both ends. */
function numberScale(
  values: readonly number[],
  { isLog, few, digits }: { isLog: boolean; few: number; digits: number },
): Scale {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const [low, high] = [distinct[0], distinct[distinct.length - 1]];
  const bent = isLog && low > 0 ? Math.log10 : (value: number) => value;
  const shareOf = (value: Coordinate) =>
    high > low ? (bent(value as number) - bent(low)) / (bent(high) - bent(low)) : 0.5;
  const round = isLog && low > 0 ? logTicks : linearTicks;
  const marks = distinct.length <= few ? distinct : [...new Set([low, ...round(low, high), high])];
  return { shareOf, ticks: marks.map((value) => ({ share: shareOf(value), text: tickLabel(value, digits) })) };
}

/** The text of a coordinate. */
export const coordinateText = (value: Coordinate): string =>
  value === null ? 'not set' : typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);

/** Unset values come first, then numbers by size, then words. */
function nameScale(values: readonly Coordinate[]): Scale {
  const rank = (value: Coordinate) => (value === null ? 0 : typeof value === 'number' ? 1 : 2);
  const distinct = [...new Set(values)].sort(
    (a, b) =>
      rank(a) - rank(b) || (typeof a === 'number' ? a - Number(b) : coordinateText(b).localeCompare(coordinateText(a))),
  );
  const share = (i: number) => (distinct.length > 1 ? i / (distinct.length - 1) : 0.5);
  const shares = new Map(distinct.map((value, i) => [value, share(i)]));
  return {
    shareOf: (value) => shares.get(value)!,
    ticks: distinct.map((value, i) => ({ share: share(i), text: coordinateText(value) })),
  };
}

/** Tick labels that have room; those at both ends always stay. */
function apart(ticks: readonly Tick[]): Tick[] {
  const kept: Tick[] = [];
  const last = ticks[ticks.length - 1];
  for (const tick of ticks) {
    const before = kept[kept.length - 1];
    const hasRoom = (!before || before.y - tick.y >= gap) && tick.y - last.y >= gap;
    if (tick === last || hasRoom) kept.push(tick);
  }
  return kept;
}

/** Whether a log axis suits the numbers: all are positive and span two powers of ten. */
export function spansPowers(values: readonly Coordinate[]): boolean {
  const numbers = values.filter((value) => typeof value === 'number');
  return Math.min(...numbers) > 0 && Math.max(...numbers) >= 100 * Math.min(...numbers);
}

/** The path of one line through its points; it ends at the first axis that it does not cross. */
export function linePath(axes: readonly PlacedAxis[], xs: readonly number[], line: number): string {
  const points: string[] = [];
  for (const [k, { crossings }] of axes.entries()) {
    const y = crossings[line];
    if (y === null) break;
    points.push(`${points.length ? 'L' : 'M'}${xs[k].toFixed(1)} ${y.toFixed(1)}`);
  }
  return points.join('');
}
