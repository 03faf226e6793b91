/** Checks the task's fields of a config. Errors name the field and the values that fit. */
import type { ConfigField, ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';

/** The value of a field that a task requires. Throws `config` with the published value if it is missing. */
export function required(config: ExperimentConfig, field: ConfigField, published: string): number {
  const value = config[field];
  if (typeof value === 'number') return value;
  throw new PermafrostError('config', `${field}: ${config.task} needs it. Published runs use ${published}.`);
}

/** Throws `config` unless `part` divides `whole`. */
export function divides(field: ConfigField, part: number, whole: number, what: string): void {
  if (whole % part === 0) return;
  const divisors = Array.from({ length: whole }, (_, i) => i + 1).filter((d) => whole % d === 0);
  throw new PermafrostError(
    'config',
    `${field} ${part} does not divide ${what} ${whole}. Choose one of ${divisors.slice(0, 12).join(', ')}.`,
  );
}
