/** A config as the command that trains it. Pure. */
import type { ExperimentConfig } from '#contract/config';
import { settingsOf } from '#contract/runRow';

/** One line for a POSIX shell, with the fields that are not at their defaults. */
export function commandOf(config: ExperimentConfig): string {
  const settings = Object.entries(settingsOf(config)).map(
    ([field, value]) => `--set ${quoted(`${field}=${written(value)}`)}`,
  );
  return ['npm run -s permafrost -- run', ...settings].join(' ');
}

/** A value so that the command line reads it back: text stays text even where it looks like JSON. */
function written(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  try {
    JSON.parse(value);
    return JSON.stringify(value);
  } catch {
    return value;
  }
}

export const quoted = (text: string): string =>
  /^[\w.=/@:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
