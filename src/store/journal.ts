/** Turns journal entries into rows, each entry exactly once. */
import type { Database } from 'better-sqlite3';
import type { EntryBody, JournalEntry } from '#contract/run';
import { clockTable } from './clock.ts';
import type { metricsTable } from './metrics.ts';
import type { StoredRun } from './storedRun.ts';
import { summaryColumns } from './summary.ts';

type Apply = { [K in EntryBody['kind']]: (run: number, at: number, body: Extract<EntryBody, { kind: K }>) => void };

export function journalImport(database: Database, metrics: ReturnType<typeof metricsTable>) {
  const clock = clockTable(database);
  const summary = summaryColumns(database);
  const position = database.prepare<[string], Pick<StoredRun, 'key' | 'seq'>>('SELECT key, seq FROM runs WHERE id = ?');
  const setSeq = database.prepare('UPDATE runs SET seq = ? WHERE key = ?');
  const setStep = database.prepare('UPDATE runs SET step = ? WHERE key = ?');
  const started = database.prepare(
    `UPDATE runs SET state = 'running', reason = NULL, started_at = coalesce(started_at, @at), ended_at = NULL, step = @step,
       total_steps = @totalSteps, device = @device, trainable = @trainable, total = @total, deviations = @deviations WHERE key = @run`,
  );
  const ended = database.prepare(
    `UPDATE runs SET state = @state, reason = @reason, ended_at = @at, step = @step, result = coalesce(@result, result) WHERE key = @run`,
  );
  const text = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const apply: Apply = {
    started(run, at, { kind, deviations, ...body }) {
      metrics.voidAfter(run, body.step);
      clock.start(run, body.step, at);
      summary.refresh(run);
      started.run({ run, at, ...body, deviations: text(deviations) });
    },
    metrics(run, at, { rows, seconds }) {
      if (rows.length === 0) return;
      metrics.put(run, rows);
      const step = rows.reduce((most, [, step]) => Math.max(most, step), 0);
      setStep.run(step, run);
      clock.tick(run, step, at, seconds);
      if (rows.some(([key]) => key === 'test_metric')) summary.refresh(run);
    },
    checkpoint: () => {},
    log: () => {},
    ended: (run, at, { state, step, reason, result }) =>
      void ended.run({ run, at, state, step, reason: text(reason), result: text(result) }),
  };

  return {
    /** Applies the entries of a run that have not been applied yet, in order, and returns them. */
    apply: (id: string, entries: readonly JournalEntry[]): JournalEntry[] => {
      const at = position.get(id);
      if (!at) return [];
      let { seq } = at;
      const fresh: JournalEntry[] = [];
      for (const entry of entries) {
        if (entry.seq <= seq) continue;
        (apply[entry.body.kind] as (run: number, at: number, body: EntryBody) => void)(at.key, entry.at, entry.body);
        fresh.push(entry);
        seq = entry.seq;
      }
      if (fresh.length > 0) setSeq.run(seq, at.key);
      return fresh;
    },
  };
}
