/** The correction for many verdicts in one table. */

/** Significance level of a verdict. */
export const level = 0.05;

/**
 * Holm's correction (1979): whether each verdict stands with a chance of at most 5 % that any of them is wrong. Null, where
 * there is no verdict, stays null.
 */
export function holm(chances: readonly (number | null)[]): (boolean | null)[] {
  const order = chances.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => a.p - b.p);
  const stands: (boolean | null)[] = chances.map((p) => (p === null ? null : false));
  for (const [rank, { p, i }] of order.entries()) {
    if (p > level / (order.length - rank)) break;
    stands[i] = true;
  }
  return stands;
}
