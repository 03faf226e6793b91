/** From journal entries to rows, each exactly once, and the whole database from run folders. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { openConfig } from '#contract/config';
import { decodeEntry, type EntryBody, type JournalEntry } from '#contract/run';
import { clockTable } from './clock.ts';
import type { metricsTable } from './metrics.ts';
import type { runsTable } from './runs.ts';
import { summaryColumns } from './summary.ts';

/** The run folder's file that says what the run is: `{name, params, args}` of dl-project with `id` and `createdAt`. */
export const configFileName = 'config.json';
const journalFileName = 'journal.jsonl';

/** How a line begins; enough to pass over it without decoding it. */
const lineHead = /^\{"crc":\d+,"entry":\{"seq":(\d+),"at":[^,]+,"body":\{"kind":"(\w+)"/;
const headBytes = 128;

export interface JournalPart {
  /** Only entries after this number. */
  after?: number;
  /** Only entries of these kinds. */
  kinds?: readonly EntryBody['kind'][];
}

/** The entries of a run folder's journal, up to the first of them whose line is torn or altered. */
export function readJournal(folder: string, { after = 0, kinds }: JournalPart = {}): JournalEntry[] {
  const path = join(folder, journalFileName);
  if (!existsSync(path)) return [];
  const entries: JournalEntry[] = [];
  const bytes = readFileSync(path);
  for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    const head = lineHead.exec(bytes.toString('latin1', start, Math.min(end, start + headBytes)));
    if (head && (Number(head[1]) <= after || !(kinds?.includes(head[2] as EntryBody['kind']) ?? true))) continue;
    const entry = decodeEntry(bytes.toString('utf8', start, end));
    if (!entry) break;
    entries.push(entry);
  }
  return entries;
}

type Apply = { [K in EntryBody['kind']]: (run: number, at: number, body: Extract<EntryBody, { kind: K }>) => void };

export function journalImport(
  database: Database,
  runs: ReturnType<typeof runsTable>,
  metrics: ReturnType<typeof metricsTable>,
) {
  const clock = clockTable(database);
  const summary = summaryColumns(database);
  const position = database.prepare<[string], { key: number; seq: number }>('SELECT key, seq FROM runs WHERE id = ?');
  const setSeq = database.prepare('UPDATE runs SET seq = ? WHERE key = ?');
  const setStep = database.prepare('UPDATE runs SET step = ? WHERE key = ?');
  const started = database.prepare(
    `UPDATE runs SET state = 'running', reason = NULL, started_at = coalesce(started_at, @at), ended_at = NULL, step = @step,
       total_steps = @totalSteps, device = @device, trainable = @trainable, total = @total, deviations = @deviations WHERE key = @run`,
  );
  const ended = database.prepare(
    `UPDATE runs SET state = @state, reason = @reason, ended_at = @at, step = @step, result = coalesce(@result, result), pid = NULL WHERE key = @run`,
  );
  const text = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const apply: Apply = {
    started(run, at, { kind, deviations, ...body }) {
      metrics.voidAfter(run, body.step);
      clock.start(run, body.step, at);
      summary.refresh(run);
      started.run({ run, at, ...body, deviations: text(deviations) });
    },
    metrics(run, at, { rows }) {
      metrics.put(run, rows);
      const step = Math.max(...rows.map(([, step]) => step));
      setStep.run(step, run);
      clock.tick(run, step, at);
      if (rows.some(([key]) => key === 'test_metric')) summary.refresh(run);
    },
    checkpoint: () => {},
    log: () => {},
    ended: (run, at, { state, step, reason, result }) =>
      void ended.run({ run, at, state, step, reason: text(reason), result: text(result) }),
  };

  /** Applies those entries of a run that follow on what is applied already; returns them. A gap ends the list. */
  const applyEntries = database.transaction((id: string, entries: readonly JournalEntry[]): JournalEntry[] => {
    const at = position.get(id);
    if (!at) return [];
    const fresh: JournalEntry[] = [];
    for (const entry of entries) {
      if (entry.seq !== at.seq + fresh.length + 1) continue;
      (apply[entry.body.kind] as (run: number, at: number, body: EntryBody) => void)(at.key, entry.at, entry.body);
      fresh.push(entry);
    }
    if (fresh.length > 0) setSeq.run(at.seq + fresh.length, at.key);
    return fresh;
  });

  return {
    apply: (id: string, entries: readonly JournalEntry[]): JournalEntry[] => applyEntries.immediate(id, entries),
    /**
     * Makes the rows of runs that the database does not know from their folders; tags are not in folders and are lost.
     * A run that was under way becomes `crashed`. Returns how many were added and the folders that are no runs.
     */
    rebuild(runsFolder: string): { added: number; unreadable: string[] } {
      const known = new Set(runs.list().map((r) => r.id));
      const unreadable: string[] = [];
      let added = 0;
      const folders = existsSync(runsFolder) ? readdirSync(runsFolder).sort() : [];
      for (const id of folders) {
        if (known.has(id)) continue;
        const folder = join(runsFolder, id);
        try {
          const { name, params, args, createdAt } = JSON.parse(readFileSync(join(folder, configFileName), 'utf8'));
          runs.add({ id, config: openConfig({ name, params, args }), createdAt }, 'paused');
        } catch (error) {
          unreadable.push(`${folder}: ${(error as Error).message}`);
          continue;
        }
        applyEntries(id, readJournal(folder));
        if (runs.get(id).state === 'running')
          runs.settle(
            id,
            'crashed',
            {
              code: 'crashed',
              message: 'It was under way when the store was lost. Resume it to go on from its last checkpoint.',
            },
            Date.now(),
          );
        added++;
      }
      return { added, unreadable };
    },
  };
}
