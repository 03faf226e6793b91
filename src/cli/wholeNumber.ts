/** Options that are whole numbers. */
import { PermafrostError } from '#contract/errors';
import { numberHint, readWhole } from '#contract/numbers';

/** Reads the value of an option between `least` and `most`. The reader throws `config` for anything else. */
export const wholeNumber =
  (option: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = readWhole(text);
    if (value !== null && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new PermafrostError(
      'config',
      `${option} expects a whole number ${range}; found "${text}".${value === null ? numberHint(text) : ''}`,
    );
  };
