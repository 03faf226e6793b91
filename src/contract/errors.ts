/**
 * Errors that a person can act on; anything else is a bug, and its message starts with `internal:`. A message says what was
 * expected, what was found, where, and what to do.
 */
export const errorCodes = {
  config: 'The experiment config is not valid.',
  data: 'A data set is missing or damaged.',
  weights: 'Model weights are missing or damaged, or have the wrong shape.',
  device: 'The device cannot be used.',
  trace: 'The program cannot be recorded as one graph.',
  nan: 'The loss is not a number.',
  disk: 'A file could not be read or written.',
  network: 'Something could not be fetched.',
  cluster: 'The cluster cannot be used.',
  store: 'The run store cannot be used.',
  notFound: 'Nothing has that name.',
  conflict: 'The request does not fit the current state.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** An error with one of the {@link errorCodes}, which interfaces handle. */
export class PermafrostError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermafrostError';
    this.code = code;
  }
}

/** The code and message of anything thrown; code `internal` marks a bug. */
export function describeError(error: unknown): { code: ErrorCode | 'internal'; message: string } {
  if (error instanceof PermafrostError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message: message.startsWith('internal:') ? message : `internal: ${message}` };
}

/** How many letters of a word are compared. No name is longer, and the time grows with the length. */
const comparedLetters = 100;

/** The candidate that is closest to `word` by edit distance, for "did you mean" hints. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const letters = (text: string) => text.slice(0, comparedLetters).toLowerCase();
  for (const candidate of candidates) {
    const distance = editDistance(letters(word), letters(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
