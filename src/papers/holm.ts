/** Many verdicts at once: which of them stand when all are asked together. */

/** The chance of an error that a verdict may have. */
export const level = 0.05;

/**
 * Holm's correction (1979): whether each verdict stands when the chance of any wrong one among all of them shall be at most
 * 5 %. Null stays null: no verdict was given there.
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
