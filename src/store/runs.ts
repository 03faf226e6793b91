/** The table of runs, with the queue, tags and other marks. */
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import type { LauncherName } from '#contract/cluster';
import { configDefaults, configSchema, type ExperimentConfig } from '#contract/config';
import { nearest, PermafrostError } from '#contract/errors';
import { type Run, type RunState, runSchema } from '#contract/run';
import type { NewRun } from '#runFolder/config';
import type { RunMarks } from '#runFolder/marks';
import { readStored, type StoredRun, selectTags } from './storedRun.ts';

/** The state of the copy of a run's marks in its folder. */
const copies = { none: 0, whole: 1, begun: 2 } as const;

const known = runSchema.extend({ config: z.custom<ExperimentConfig>() });

/** Parses a stored config. One of an earlier version may violate newer rules, but its run is still shown. */
export function storedConfig(json: string): ExperimentConfig {
  const stored = JSON.parse(json);
  return configSchema.safeParse(stored).data ?? { ...configDefaults, ...stored };
}

const parsed = (row: StoredRun): Run =>
  readStored(row.id, () =>
    known.parse({
      id: row.id,
      config: storedConfig(row.config),
      state: row.state,
      reason: row.reason && JSON.parse(row.reason),
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      step: row.step,
      totalSteps: row.total_steps,
      device: row.device,
      trainable: row.trainable,
      total: row.total,
      deviations: JSON.parse(row.deviations),
      result: row.result && JSON.parse(row.result),
      tags: row.tags ? JSON.parse(row.tags) : [],
    }),
  );

export function runsTable(database: Database) {
  const select = (where: string) =>
    database.prepare<unknown[], StoredRun>(`SELECT *, ${selectTags} FROM runs ${where}`);
  const byId = select('WHERE id = ?');
  const all = select('ORDER BY created_at, key');
  const inState = select('WHERE state = ? ORDER BY position, key');
  const interrupted = database
    .prepare<[], string>(
      `SELECT id FROM runs WHERE state IN ('crashed', 'paused') AND reason ->> '$.code' = 'interrupted' AND trashed_at IS NULL ORDER BY ended_at, key`,
    )
    .pluck();
  const ids = database.prepare<[], string>('SELECT id FROM runs').pluck();
  const newest = database.prepare<[], number | null>('SELECT max(key) FROM runs').pluck();
  const any = database.prepare('SELECT 1 FROM runs LIMIT 1');
  const insert = database.prepare(
    `INSERT INTO runs (id, config, state, app, launcher, created_at, total_steps, position)
     VALUES (@id, @config, @state, @app, @launcher, @createdAt, @totalSteps, (SELECT coalesce(max(position), 0) + 1 FROM runs WHERE state = 'queued'))`,
  );
  const toQueue = database.prepare(
    `UPDATE runs SET state = 'queued', reason = NULL, app = @app, launcher = coalesce(@launcher, launcher), position = (SELECT coalesce(max(position), 0) + 1 FROM runs WHERE state = 'queued') WHERE id = @id`,
  );
  const place = database.prepare('UPDATE runs SET position = ? WHERE id = ?');
  const placeAll = database.transaction((ids: readonly string[]) => {
    for (const [index, id] of ids.entries()) place.run(index + 1, id);
  });
  const getApp = database.prepare<[string], StoredRun['app']>('SELECT app FROM runs WHERE id = ?').pluck();
  const getLauncher = database
    .prepare<[string], StoredRun['launcher']>('SELECT launcher FROM runs WHERE id = ?')
    .pluck();
  const places = (where: string) =>
    database.prepare<[], Pick<StoredRun, 'id' | 'app' | 'launcher'>>(
      `SELECT id, app, launcher FROM runs WHERE ${where} ORDER BY position, key`,
    );
  const queue = places(`state = 'queued' AND position IS NOT NULL`);
  const submitted = places(`(state = 'running' OR state = 'queued' AND position IS NULL) AND launcher != 'local'`);
  const submit = database.prepare(
    `UPDATE runs SET position = NULL WHERE id = ? AND state = 'queued' AND position IS NOT NULL`,
  );
  const wait = database.prepare(
    `UPDATE runs SET state = 'queued', reason = @reason, position = NULL WHERE id = @id AND state NOT IN ('finished', 'failed', 'stopped')`,
  );
  const begin = database.prepare(`UPDATE runs SET state = 'running', reason = NULL WHERE id = ? AND state = 'queued'`);
  const marks = database.prepare<[string], Pick<StoredRun, 'tags' | 'note' | 'archived' | 'trashed_at'>>(
    `SELECT note, archived, trashed_at, ${selectTags} FROM runs WHERE id = ?`,
  );
  const unsaved = database
    .prepare<[], string>(
      `SELECT id FROM runs WHERE marks_saved = ${copies.begun} OR marks_saved = ${copies.none}
         AND (note != '' OR archived OR trashed_at IS NOT NULL OR key IN (SELECT run FROM tags))`,
    )
    .pluck();
  const setSaved = database.prepare('UPDATE runs SET marks_saved = ? WHERE id = ?');
  const setNote = database.prepare('UPDATE runs SET note = ? WHERE id = ?');
  const setArchived = database.prepare('UPDATE runs SET archived = ? WHERE id = ?');
  const setTrashed = database.prepare('UPDATE runs SET trashed_at = ? WHERE id = ?');
  const inTrash = database.prepare<[], string>('SELECT id FROM runs WHERE trashed_at IS NOT NULL').pluck();
  const claim = database.prepare(
    `UPDATE runs SET state = 'running', position = NULL WHERE id = ? AND state = 'queued'`,
  );
  const settle = database.prepare(
    'UPDATE runs SET state = @state, reason = @reason, ended_at = @at, position = NULL WHERE id = @id',
  );
  const getSeq = database.prepare<[string], number>('SELECT seq FROM runs WHERE id = ?').pluck();
  const addTag = database.prepare('INSERT OR IGNORE INTO tags SELECT key, ? FROM runs WHERE id = ?');
  const removeTag = database.prepare('DELETE FROM tags WHERE tag = ? AND run = (SELECT key FROM runs WHERE id = ?)');
  const remove = database.prepare('DELETE FROM runs WHERE id = ?');

  /** The run with that id, or with the only id that begins like that. Throws `notFound` with the most similar id. */
  function get(id: string): Run {
    const exact = byId.get(id);
    if (exact) return parsed(exact);
    const known = ids.all();
    const starting = known.filter((other) => other.startsWith(id));
    if (starting.length === 1) return parsed(byId.get(starting[0])!);
    const hint =
      starting.length > 1
        ? `${starting.length} ids begin like that: ${starting.slice(0, 5).join(', ')}.`
        : known.length
          ? `Did you mean ${nearest(id, known)}?`
          : 'There are no runs yet.';
    throw new PermafrostError('notFound', `There is no run "${id}". ${hint}`);
  }

  return {
    get,
    list: (): Run[] => all.all().map(parsed),
    inState: (state: RunState): Run[] => inState.all(state).map(parsed),
    /** Adds a run in a state. A queued run goes to the end of the queue of `app`. */
    add(
      { id, config, createdAt }: NewRun,
      state: RunState,
      app: string | null = null,
      launcher: LauncherName = 'local',
    ): void {
      insert.run({
        id,
        launcher,
        config: JSON.stringify(config),
        state,
        app,
        createdAt,
        totalSteps: config.num_iters * config.steps_per_iter,
      });
    },
    ids: (): string[] => ids.all(),
    /** Whether the store has a run of exactly that id. */
    has: (id: string): boolean => byId.get(id) !== undefined,
    /** A number that is another one after runs have been added. */
    newest: (): number => newest.get() ?? 0,
    isAny: (): boolean => any.get() !== undefined,
    /** Puts a run at the end of the queue of `app`, for another launcher if one is given. */
    enqueue: (id: string, app: string, launcher: LauncherName | null = null): void =>
      void toQueue.run({ id, app, launcher }),
    /** The launcher that starts the trainer of a run, or started it last. */
    launcher: (id: string): LauncherName => getLauncher.get(id) ?? 'local',
    /** The app that trains a run, or trained it last. */
    app: (id: string): string | null => getApp.get(id) ?? null,
    /** The queue in order, with the app that each run waits for. */
    queue: () => queue.all(),
    /** Runs that an app submitted to the cluster and that wait or run there. */
    submitted: () => submitted.all(),
    /** Runs that crashed, or paused at a checkpoint, because their app ended. */
    interrupted: (): string[] => interrupted.all(),
    /** Puts queued runs in this order, before all others. */
    order: (ids: readonly string[]): void => placeAll.immediate(ids),
    /** Takes a run from the queue; false if another process was faster. */
    claim: (id: string): boolean => claim.run(id).changes === 1,
    /** Moves a run from the queue to the cluster's queue; false if another process was faster. */
    submit: (id: string): boolean => submit.run(id).changes === 1,
    /** Records that a run waits in the cluster, and why. */
    wait: (id: string, reason: Run['reason']): void => void wait.run({ id, reason: JSON.stringify(reason) }),
    /** Records that the cluster has started a run. */
    begin: (id: string): void => void begin.run(id),
    settle: (id: string, state: RunState, reason: Run['reason'], at: number): void =>
      void settle.run({ id, state, reason: reason && JSON.stringify(reason), at }),
    /** Number of the newest applied journal entry of a run. */
    seq: (id: string): number => getSeq.get(id) ?? 0,
    tag: (id: string, tag: string): void => void addTag.run(tag, id),
    untag: (id: string, tag: string): void => void removeTag.run(tag, id),
    note: (id: string, text: string): void => void setNote.run(text, id),
    archive: (id: string, archived: boolean): void => void setArchived.run(archived ? 1 : 0, id),
    /** Puts a run in the trash at a time; null takes it out. */
    trash: (id: string, at: number | null): void => void setTrashed.run(at, id),
    inTrash: (): string[] => inTrash.all(),
    /** Tags, note, archive and trash marks of a run. */
    marks(id: string): RunMarks {
      const { tags, note, archived, trashed_at } = marks.get(id)!;
      return { tags: tags ? JSON.parse(tags) : [], note, archived: archived === 1, trashedAt: trashed_at };
    },
    saved: (id: string): void => void setSaved.run(copies.whole, id),
    /** Marks the copy of the marks as uncertain until {@link saved}. */
    saving: (id: string): void => void setSaved.run(copies.begun, id),
    /** Runs whose marks have not been copied yet, or whose copy was interrupted. */
    unsaved: (): string[] => unsaved.all(),
    /** Takes the marks from a run's folder. */
    restoreMarks(id: string, { tags, note, archived, trashedAt }: RunMarks): void {
      for (const tag of tags) addTag.run(tag, id);
      setNote.run(note, id);
      setArchived.run(archived ? 1 : 0, id);
      setTrashed.run(trashedAt, id);
      setSaved.run(copies.whole, id);
    },
    remove: (id: string): void => void remove.run(id),
  };
}
