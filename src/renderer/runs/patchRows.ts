/** Updates a list of rows. Pure. */
import type { RunRow } from '#contract/runRow';

/** Keeps changed rows in place, adds new ones at the end and drops removed ones. */
export function patchRows(rows: readonly RunRow[], changed: readonly RunRow[], gone: readonly string[]): RunRow[] {
  const fresh = new Map(changed.map((row) => [row.id, row]));
  const lost = new Set(gone);
  const next = rows.flatMap((row) => {
    if (lost.has(row.id)) return [];
    const better = fresh.get(row.id);
    fresh.delete(row.id);
    return [better ?? row];
  });
  return [...next, ...fresh.values()];
}
