/** The services for runs, over the store, the run folders and the scheduler. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LauncherName } from '#contract/cluster';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { checked, runId } from '#contract/names';
import { type Run, restingStates } from '#contract/run';
import type { RunServices } from '#contract/runServices';
import { belowOwner } from '#disk/removable';
import { readEntries } from '#runFolder/journal';
import { runFiles } from '#runFolder/paths';
import { readProof } from '#runFolder/proof';
import type { Scheduler } from '#scheduler/scheduler';
import type { Store } from '#store/store';
import { checkConfig } from './config.ts';
import { createRuns } from './createRuns.ts';
import { type EnsureActions, ensureRuns } from './ensureRuns.ts';
import { openMarks } from './marks.ts';
import { readCheckpoints } from './readCheckpoints.ts';
import { readLog } from './readLog.ts';
import { streamRunChanges, streamRunEvents } from './runEvents.ts';
import { runRowOf } from './runRow.ts';

export interface RunServicesOptions {
  home: string;
  store: Store;
  scheduler: Scheduler;
  /** Writes nothing: shows a running run without a live trainer as crashed, but does not store that state. */
  reads: boolean;
}

export function runServices({ home, store, scheduler, reads }: RunServicesOptions) {
  const runsFolder = join(home, 'runs');
  const marks = openMarks(store, runsFolder);
  /** Calls that make runs. */
  const making = new Set<Promise<unknown>>();
  if (!reads) marks.saveUncertain();

  const { complete, startQueued } = scheduler;
  const idOf = (id: string): string => store.runs.get(id).id;
  const filesOf = (id: string) => runFiles(join(runsFolder, idOf(id)));
  const asSeen = <T extends Pick<Run, 'id' | 'state' | 'reason'>>(run: T): T =>
    reads && run.state === 'running' && !scheduler.isTrained(run.id)
      ? { ...run, state: 'crashed', reason: { code: 'interrupted', message: abandoned } }
      : run;
  const list = (ids?: readonly string[]) => store.rows(ids).map(runRowOf).map(asSeen);

  const maker = {
    ...{ store, marks, runsFolder, appName: scheduler.appName },
    check: (config: ExperimentConfig) => checkConfig(home, config),
  };
  const create: EnsureActions['create'] = (choose, tags, launcher) => createRuns(maker, choose, tags, launcher);

  /** Makes {@link close} wait for a call that makes runs. */
  async function awaited<T>(call: Promise<T>): Promise<T> {
    making.add(call);
    try {
      return await call;
    } finally {
      making.delete(call);
    }
  }

  async function createAndStart(
    configs: readonly ExperimentConfig[],
    tags: readonly string[],
    launcher?: LauncherName,
  ) {
    const made = await create((made) => configs.slice(made.length), tags, launcher);
    const ids = made.map(({ id }) => id);
    startQueued(ids);
    return ids;
  }

  function mark(id: string, write: (id: string) => void): void {
    const run = idOf(id);
    marks.change(run, () => write(run));
    scheduler.changed(run);
  }

  const services: RunServices = {
    list,
    getAll: () => store.runs.list().map(asSeen),
    get: (id) => asSeen(store.runs.get(id)),
    create: (configs, tags = [], launcher) => awaited(createAndStart(configs, tags, launcher)),
    ensure: (configs, tags, launcher) =>
      awaited(ensureRuns({ list, create, complete, startQueued }, configs, tags, launcher)),
    complete,
    resume(id, launcher) {
      const run = store.runs.get(id);
      if (run.state === 'finished')
        throw new PermafrostError(
          'conflict',
          `${run.id} is finished and cannot be resumed. Start a new run to train its config again.`,
        );
      const other = scheduler.otherOwner(run.id);
      if (restingStates.includes(run.state)) scheduler.enqueue([run.id], launcher);
      else if (scheduler.isMine(run.id) || other)
        throw new PermafrostError('conflict', `${run.id} is already ${run.state}${other ? ` in ${other}` : ''}.`);
      else scheduler.takeOver(run.id); // its app is dead or on another machine; its trainer may still be running
      return store.runs.get(run.id);
    },
    launcher: scheduler.launcher,
    pause: (id) => scheduler.end(idOf(id), 'pause'),
    stop: (id) => scheduler.end(idOf(id), 'stop'),
    tag(id, add, remove = []) {
      mark(id, (run) => {
        for (const tag of add) store.runs.tag(run, tag);
        for (const tag of remove) store.runs.untag(run, tag);
      });
      return store.runs.get(id);
    },
    note: (id, text, over) =>
      mark(id, (run) => {
        const current = store.runs.marks(run).note;
        if (over !== undefined && current !== over && current !== text)
          throw new PermafrostError('conflict', `The note of ${run} has changed since it was read.`);
        store.runs.note(run, text);
      }),
    archive(ids, archived) {
      for (const id of ids) mark(id, (run) => store.runs.archive(run, archived));
    },
    trash(ids) {
      const busy = ids.find((id) => !restingStates.includes(store.runs.get(id).state));
      if (busy) throw new PermafrostError('conflict', `${busy} is ${store.runs.get(busy).state}. Stop it first.`);
      for (const id of ids) mark(id, (run) => store.runs.trash(run, Date.now()));
    },
    restore(ids) {
      for (const id of ids) mark(id, (run) => store.runs.trash(run, null));
    },
    emptyTrash() {
      const ids = store.runs.inTrash();
      for (const id of ids) {
        const folder = join(runsFolder, checked(runId, id));
        rmSync(belowOwner({ owner: runsFolder, path: folder }), { recursive: true, force: true }); // before the row, which allows a retry
        store.runs.remove(id);
        scheduler.forget(id);
      }
      return ids.length;
    },
    curve: (id, key, range) => store.metrics.curve(idOf(id), key, range),
    series: store.metrics.series,
    firstStep: store.metrics.firstStep,
    metrics: store.metrics.rows,
    clock: (id, points) => store.clock.of(idOf(id), points),
    log: (id) => readLog(filesOf(id)),
    checkpoints: (id) => readCheckpoints(filesOf(id)),
    frozen: (id) => readProof(filesOf(id).frozen),
    events(id, after, signal) {
      const run = idOf(id);
      const source = {
        subscribe: scheduler.subscribe,
        row: () => list([run])[0],
        seq: () => store.runs.seq(run),
        entries: (after: number) => readEntries(filesOf(run).journal, { after }),
      };
      return streamRunEvents(run, source, after, signal);
    },
    changes: (signal) => streamRunChanges(scheduler.subscribe, list, signal),
    subscribe: scheduler.subscribe,
    otherOwner: scheduler.otherOwner,
  };
  return {
    ...services,
    /** Waits for the calls that make runs. */
    async close(): Promise<void> {
      await Promise.allSettled(making);
    },
  };
}

const abandoned =
  'The app and the trainer of this run have exited. Resume the run to continue from its last checkpoint.';
