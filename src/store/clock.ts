/** The time that a run had taken at its steps, without pauses. There is a row per batch of metrics. */
import type { Database } from 'better-sqlite3';

/** Seconds that the run had taken at a step. */
interface ClockPoint {
  step: number;
  seconds: number;
}

export function clockTable(database: Database) {
  const voidAfter = database.prepare('DELETE FROM clock WHERE run = @run AND step > @step');
  // the time between the last row and now does not count, because the run was paused
  const start = database.prepare(
    `INSERT OR REPLACE INTO clock VALUES (@run, @step, @at,
       coalesce((SELECT seconds FROM clock WHERE run = @run AND step <= @step ORDER BY step DESC LIMIT 1), 0))`,
  );
  const tick = database.prepare<unknown[], number>(
    `INSERT OR REPLACE INTO clock SELECT @run, @step, @at, seconds + max(0, @at - at) / 1000
       FROM clock WHERE run = @run AND step < @step ORDER BY step DESC LIMIT 1 RETURNING seconds`,
  );
  const put = database.prepare('INSERT OR REPLACE INTO clock VALUES (@run, @step, @at, @seconds)');
  const setSeconds = database.prepare('UPDATE runs SET seconds = ? WHERE key = ?');
  const all = database.prepare<[string], ClockPoint>(
    'SELECT step, seconds FROM clock WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY step',
  );

  return {
    /** Records that a session of the run begins after `step`. Call it inside a transaction, like `tick`. */
    start(run: number, step: number, at: number): void {
      voidAfter.run({ run, step });
      start.run({ run, step, at });
    },
    /** Records that the run reached `step` after `seconds` by its own clock. Journals of earlier versions only have wall-clock times. */
    tick(run: number, step: number, at: number, seconds?: number): void {
      if (seconds !== undefined) put.run({ run, step, at, seconds });
      const passed = seconds ?? tick.pluck().get({ run, step, at });
      if (passed !== undefined) setSeconds.run(passed, run);
    },
    /** The recorded points; with `points`, at most about that many, including the first and the last. */
    of(id: string, points?: number): ClockPoint[] {
      const rows = all.all(id);
      if (!points || rows.length <= points) return rows;
      const stride = Math.ceil(rows.length / points);
      return rows.filter((_, i) => i % stride === 0 || i === rows.length - 1);
    },
  };
}
