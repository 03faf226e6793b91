/** Parses options that are whole numbers. */
import { PermafrostError } from '#contract/errors';
import { numberHint, readWhole } from '#contract/numbers';

/** Makes a parser for whole numbers from `least` to `most`, which throws `config` for any other text. */
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
