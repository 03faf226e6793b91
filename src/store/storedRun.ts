/** Rows of the table of runs, as SQLite returns them. */
import type { LauncherName } from '#contract/cluster';
import type { RunState } from '#contract/run';

/** A row with its tags. `config`, `reason`, `deviations`, `result` and `tags` are JSON. */
export interface StoredRun {
  key: number;
  id: string;
  config: string;
  state: RunState;
  reason: string | null;
  /** Milliseconds since 1970, like all times here. */
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
  /** Number of the newest applied journal entry. */
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

/** Selects the tags of a run; null if it has none. */
export const selectTags =
  '(SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE run = runs.key HAVING count(*) > 0) AS tags';

/**
 * Reads the row of a run by calling `read`. If that fails, throws SQLite's error for a damaged file, because SQLite has no checksums
 * and damage shows only as invalid content.
 */
export function readStored<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = `the row of ${id} cannot be read (${(cause as Error).message.split('\n')[0]})`;
    throw Object.assign(new Error(message, { cause }), { code: 'SQLITE_CORRUPT' });
  }
}
