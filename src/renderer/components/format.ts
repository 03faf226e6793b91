/** Numbers as people read them. Pure; empty text or a dash never stands for a number. */
import type { MetricName } from '#contract/runRow';

/** An accuracy with four digits, an error with four significant ones; empty for none. */
export function metricValue(value: number | null, metric: MetricName | null): string {
  if (value === null) return '';
  if (!Number.isFinite(value)) return String(value);
  return metric === 'mae' && Math.abs(value) >= 1 ? value.toPrecision(4) : value.toFixed(4);
}

export const percent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)} %`;
export const count = (value: number): string => value.toLocaleString('en');

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [86400, 3600, 60].map((unit) => Math.floor(whole / unit));
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${two(minutes % 60)} min`;
  return minutes > 0 ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
}

/** `2026-11-25 14:03` of local time. */
export function dateTime(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
/** `1.5 GiB`. */
export function bytes(value: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const scaled = value / 1024 ** power;
  return `${scaled >= 100 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

const two = (value: number): string => String(value).padStart(2, '0');
