/** Numbers as text for the terminal, the window and files. Pure. */

import type { MetricName } from './runRow.ts';
import type { ReproductionPlan } from './tableState.ts';
import type { DownloadProgress } from './zoo.ts';

/** `0.9815`: at most `digits` significant digits, without trailing zeros. */
export const numberText = (value: number, digits = 4): string => Number(value.toPrecision(digits)).toString();

/** `124,439,808`. */
export const countText = (value: number): string => value.toLocaleString('en');

/** `1 run`, `1,200 runs`. */
export const plural = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `38.4k` or `124M`: a count that fits into a small box. */
export function shortCountText(count: number): string {
  const [unit, size] = counts.find(([, size]) => count >= size) ?? ['', 1];
  return `${numberText(count / size, 3)}${unit}`;
}
const counts: [string, number][] = [
  ['B', 1e9],
  ['M', 1e6],
  ['k', 1e3],
];

/** `43 %`; with 3 significant `digits`: `0.485 %`. */
export const percentText = (share: number, digits?: number): string =>
  `${digits === undefined ? Math.round(100 * share) : numberText(100 * share, digits)} %`;

/** Four decimals for an accuracy, four significant digits for an error above 1, none for steps; empty for null. */
export function metricText(value: number | null, metric: MetricName | 'steps' | null): string {
  if (value === null) return '';
  if (metric === 'steps') return countText(Math.round(value));
  if (!Number.isFinite(value)) return String(value);
  return metric === 'mae' && Math.abs(value) >= 1 ? value.toPrecision(4) : value.toFixed(4);
}

/** `548 MB`: decimal units, as on Hugging Face. */
export function bytesText(bytes: number): string {
  const rounded = Number(bytes.toPrecision(3)); // 999,950 B are 1 MB, not 1000 kB
  const power = Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log10(rounded) / 3)));
  return `${power === 0 ? bytes : numberText(rounded / 1000 ** power, 3)} ${byteUnits[power]}`;
}
const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`; empty when it is infinite. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [86400, 3600, 60].map((unit) => Math.floor(whole / unit));
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${two(minutes % 60)} min`;
  return minutes > 0 ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

/** `12 MB of 170 MB`; `12 MB` while the total is unknown. */
export const receivedText = ({ bytes, total }: Pick<DownloadProgress, 'bytes' | 'total'>): string =>
  total === null ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`;

/** `12 MB of 170 MB, 3.1 MB/s, 51 s left`. */
export function transferText(progress: DownloadProgress): string {
  const { bytesPerSecond, secondsLeft } = progress;
  const speed = bytesPerSecond === null ? '' : `, ${bytesText(bytesPerSecond)}/s`;
  return `${receivedText(progress)}${speed}${secondsLeft === null ? '' : `, ${durationText(secondsLeft)} left`}`;
}

/** `2026-11-25 14:03`, local time. */
export function dateTimeText(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `4 h`, and of what it depends where that is not known. */
export const planTimeText = ({ seconds, isOneByOne }: Pick<ReproductionPlan, 'seconds' | 'isOneByOne'>): string =>
  `${durationText(seconds)}${isOneByOne ? ' with one run at a time, and less with as many as Slurm starts' : ''}`;

/** `3 runs finished already, 2 runs resume, 4 runs start`. */
export function planText({
  finished,
  resumed,
  started,
}: Pick<ReproductionPlan, 'finished' | 'resumed' | 'started'>): string {
  const parts = [
    finished ? `${plural(finished, 'run')} finished already` : '',
    resumed ? `${plural(resumed, 'run')} ${resumed === 1 ? 'resumes' : 'resume'}` : '',
    started ? `${plural(started, 'run')} ${started === 1 ? 'starts' : 'start'}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

/** How a cell's count of trained parameters differs from the published one. */
export const miscountText = ({ cell, trainable, published }: ReproductionPlan['miscounted'][number]): string =>
  `${cell} trains ${countText(trainable)} parameters here, ${countText(published)} in the publication.`;

const two = (value: number): string => String(value).padStart(2, '0');
