/** Rows of the table of runs, as SQLite returns them. */
import type { LauncherName } from '#contract/cluster';
import type { RunState } from '#contract/run';

/** A row with its tags. `config`, `reason`, `deviations`, `result` and `tags` hold JSON. */
export interface StoredRun {
  key: number;
  id: string;
  config: string;
  state: RunState;
  reason: string | null;
  /** Milliseconds since 1970, as every time here. */
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  step: number;
  total_steps: number;
  device: string | null;
  trainable: number | null;
  total: number | null;
  deviations: string;
  result: string | null;
  /** Number of the newest journal entry that has been applied. */
  seq: number;
  /** Place in the queue; null for a queued run that waits in the cluster's queue. */
  position: number | null;
  note: string;
  archived: number;
  trashed_at: number | null;
  seconds: number;
  last: number | null;
  low: number | null;
  high: number | null;
  recent: number | null;
  app: string | null;
  launcher: LauncherName;
  marks_saved: number;
  tags: string | null;
}

/** Selects the tags of a run beside its columns; null for none. */
export const selectTags =
  '(SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE run = runs.key HAVING count(*) > 0) AS tags';

/**
 * The result of `read` on the row of a run. Throws SQLite's error for a damaged file when `read` fails: SQLite has no checksums,
 * so only invalid content reveals damage.
 */
export function readStored<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the row of ${id} cannot be read (${(cause as Error).message.split('\n')[0]})`;
    throw Object.assign(new Error(message, { cause }), { code: 'SQLITE_CORRUPT' });
  }
}
