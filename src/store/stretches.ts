/**
 * Summaries of metric rows: for each stretch of steps, the number of rows, the lowest and the highest. Long curves are thinned with
 * these, since reading a million rows takes a second on a slow machine.
 */
import type { Database } from 'better-sqlite3';

/** Steps in a stretch. A curve of a million steps has 15,625 stretches. */
export const stretchSteps = 64;

/** The first step of the stretch that contains a step. */
export const stretchStart = (step: number): number => step - (step % stretchSteps);

export function stretchesTable(database: Database) {
  const rows = 'FROM metrics WHERE run = @run AND key = @key AND step BETWEEN @start AND @end';
  const sum = database.prepare(
    `INSERT OR REPLACE INTO stretches SELECT @run, @key, @start, count, low_step, low, high_step, high FROM
       (SELECT count(*) AS count, step AS low_step, min(value) AS low ${rows}), (SELECT step AS high_step, max(value) AS high ${rows})
     WHERE count > 0`,
  );
  const remove = database.prepare('DELETE FROM stretches WHERE run = @run AND key = @key AND start >= @start');
  const refresh = (run: number, key: number, start: number) =>
    void sum.run({ run, key, start, end: start + stretchSteps - 1 });

  return {
    /** Summarises again the stretch that begins at `start`. Call it in the transaction that changed its rows. */
    refresh,
    /** Updates stretches after metric rows after `step` have been deleted. */
    voidAfter(run: number, key: number, step: number): void {
      const start = stretchStart(step);
      remove.run({ run, key, start });
      refresh(run, key, start);
    },
  };
}
