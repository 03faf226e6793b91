/**
 * Metric rows summed up: how many lie in each stretch of steps, the lowest and the highest of them. Long curves are thinned
 * from these, since reading a million rows takes a second on a slow machine.
 */
import type { Database } from 'better-sqlite3';

/** Steps of a stretch. A screen's width of buckets over a million steps has about as many stretches in each. */
export const stretchSteps = 64;

/** The first step of the stretch that holds a step. */
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
    /** Sums up the stretch that begins at `start` again; call it in the transaction that wrote into it. */
    refresh,
    /** Follows metric rows after `step` being deleted. */
    voidAfter(run: number, key: number, step: number): void {
      const start = stretchStart(step);
      remove.run({ run, key, start });
      refresh(run, key, start);
    },
  };
}
