/** Importing it makes zod say what a schema expected and what it found. */
import { z } from 'zod';

/** Units of sizes; other origins are numbers. */
const units: Readonly<Record<string, string>> = { string: 'characters', array: 'items' };

function limitText(origin: string, input: unknown, forNumber: string, forSize: string): string {
  const unit = units[origin];
  return unit === undefined
    ? `expected ${forNumber}; found ${input}`
    : `expected ${forSize} ${unit}; found ${(input as { length: number }).length}`;
}

const numbers: Readonly<Record<string, string>> = { number: 'a number', int: 'a whole number' };

z.config({
  customError(issue) {
    const { code, input } = issue;
    if (code === 'too_small') {
      const { origin, minimum, inclusive } = issue;
      return limitText(origin, input, inclusive ? `${minimum} or more` : `more than ${minimum}`, `at least ${minimum}`);
    }
    if (code === 'too_big') {
      const { origin, maximum, inclusive } = issue;
      return limitText(origin, input, inclusive ? `${maximum} or less` : `less than ${maximum}`, `at most ${maximum}`);
    }
    if (code === 'invalid_type' && input !== undefined && numbers[issue.expected])
      return `expected ${numbers[issue.expected]}; found ${JSON.stringify(input)}`;
    return undefined;
  },
});
