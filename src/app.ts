/** Wires the node rooms into the services that every face of Permafrost uses. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ExperimentConfig, errorsByField } from '#contract/config';
import { openConfig } from '#contract/configFile';
import { PermafrostError } from '#contract/errors';
import { checked, runId } from '#contract/names';
import { randomStream } from '#contract/random';
import { type Run, restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { DeviceInfo, Services } from '#contract/services';
import type { WriteOptions } from '#disk/atomicFile';
import { belowOwner } from '#disk/removable';
import { diskError, isDamage } from '#disk/troubles';
import { buildModel, countParameters, isNetwork } from '#models/index';
import { refuseAllFrozen } from '#models/steps';
import { writeRunConfig } from '#runFolder/config';
import { readEntries } from '#runFolder/journal';
import { writeMarks } from '#runFolder/marks';
import { runFiles } from '#runFolder/paths';
import { readProof } from '#runFolder/proof';
import { hasDeadApps, livingApps } from '#scheduler/owners';
import { createScheduler } from '#scheduler/scheduler';
import { setAside } from '#store/database';
import { rebuild } from '#store/rebuild';
import { openStore, type Store } from '#store/store';
import { taskOf, tasks } from '#tasks/index';
import { deviationsOf } from '#trainer/deviations';
import { listDevices } from '#trainer/device';
import { runtimeEnvironment } from '#trainer/environment';
import { knownBodies, listedModels } from '#zoo/bodies';
import { canonicalName } from '#zoo/catalog';
import { openData } from '#zoo/data';
import { sweepTrash } from '#zoo/trash';
import { findWeights } from '#zoo/weights';
import { createZoo } from '#zoo/zoo';

import { analysisServices } from './app/analysis.ts';
import { bundleServices } from './app/bundles.ts';
import { catalogueOf } from './app/catalogue.ts';
import { downloadOf } from './app/downloads.ts';
import { estimateOf } from './app/estimate.ts';
import { runChanges, runEvents } from './app/events.ts';
import { machineLoad } from './app/machine.ts';
import { rowOf } from './app/row.ts';
import { readCheckpoints, readLog } from './app/runFiles.ts';
import { ensureRuns } from './app/standing.ts';
import { tableServices } from './app/tables.ts';

export interface AppOptions {
  home: string;
  /** Trainers at once. */
  slots?: number;
  /** The trainer program; tests may give another that keeps the protocol. */
  trainer?: string;
  /** The Node that trains and tries devices; this process's own by default, which will not do inside Electron. */
  node?: string;
  /** For read-only commands: changes nothing on the disk, and works on a home that is not writable. */
  reads?: boolean;
  /** Sets a damaged store aside and makes an empty one, to be rebuilt. */
  repairs?: boolean;
}

/** Where Permafrost keeps its things: PERMAFROST_HOME, or the system's folder for application data. */
export function defaultHome(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (environment.PERMAFROST_HOME) return environment.PERMAFROST_HOME;
  const folders: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(homedir(), 'Library', 'Application Support', 'Permafrost'),
    win32: join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Permafrost'),
  };
  return folders[platform] ?? join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'permafrost');
}

/** Opens the app on a home folder, made if needed. Throws `disk` when it cannot be written and `store` for a store that does not fit or is damaged. */
export async function createApp({
  home,
  slots = 1,
  trainer = join(import.meta.dirname, 'trainer', 'main.ts'),
  node,
  reads = false,
  repairs = false,
}: AppOptions): Promise<Services> {
  const runsFolder = join(home, 'runs');
  if (!reads) prepareHome(runsFolder, home);
  const { store, aside } = await openRunStore(home, reads, repairs);
  if (!repairs) sayLost(store, runsFolder);
  const scheduler = createScheduler({
    ...{ store, home, slots, trainer, node },
    environment: runtimeEnvironment(),
    onTrouble: sayTrouble,
  });
  if (!reads) {
    scheduler.recover();
    sweepTrash(home);
  }
  const zoo = createZoo({ home, usedBy: (name) => underWay(({ model_name }) => canonicalName(model_name) === name) });
  const data = openData(home, {
    node,
    usedBy: (name) => underWay(({ task }) => have.task(task) && tasks[task].dataset === name),
  });
  /** Runs under way or queued, in any app, that need something. */
  function underWay(needs: (config: ExperimentConfig) => boolean): string[] {
    const busy = [...store.runs.inState('running'), ...store.runs.inState('queued')];
    return busy.filter(({ config }) => needs(config)).map(({ id }) => id);
  }
  const modelOf = (config: ExperimentConfig) => buildModel(config, taskOf(config).shape(config), knownBodies(home));
  /** Throws `config` for a config that its task or body refuses. */
  const check = (config: ExperimentConfig) => refuseAllFrozen(config, modelOf(config));

  const folderOf = (id: string): string => join(runsFolder, store.runs.get(id).id);
  const hasWeights = (name: string) => findWeights(home, name) !== null;
  const have = {
    body: (name: string) => Object.hasOwn(knownBodies(home), name) || isNetwork(name),
    task: (name: string) => Object.hasOwn(tasks, name),
    weights: hasWeights,
  };
  const rows = (ids?: readonly string[]) => store.rows(ids).map(rowOf).map(asSeen);
  /** A read-only command shows a run without a live trainer as crashed, without storing that. */
  const asSeen = <T extends Pick<Run, 'id' | 'state' | 'reason'>>(run: T): T =>
    reads && run.state === 'running' && !scheduler.isTrained(run.id)
      ? { ...run, state: 'crashed', reason: { code: 'interrupted', message: leftBehind } }
      : run;
  /** Changes a run's marks in the store and in its folder. */
  function mark(id: string, write: (id: string) => void): void {
    const run = store.runs.get(id).id;
    store.runs.saving(run); // in its own transaction: after a kill between copy and commit the store knows that they may differ
    store.together(() => {
      write(run);
      saveMarks(run);
    });
    scheduler.changed(run);
  }
  function saveMarks(id: string, options?: WriteOptions): void {
    if (existsSync(join(runsFolder, id)))
      writeMarks(runFiles(join(runsFolder, id)).marks, store.runs.marks(id), options);
    store.runs.saved(id);
  }
  if (!reads) saveAllMarks();
  function saveAllMarks(): void {
    try {
      for (const id of store.runs.unsaved()) store.together(() => saveMarks(id));
    } catch (error) {
      if (!(error instanceof PermafrostError)) throw error; // a disk error: retried at the next start
    }
  }
  const row = (id: string): RunRow => rows([store.runs.get(id).id])[0];
  let tried: Promise<DeviceInfo[]> | null = null;
  const analysis = analysisServices({ home, folderOf, node });

  /** Stores runs and does something with them, all or nothing; no run trains before it is queued. */
  function addRuns(
    configs: readonly ExperimentConfig[],
    tags: readonly string[] = [],
    use: (ids: readonly string[]) => unknown = () => {},
  ): string[] {
    configs.forEach(check);
    const ids: string[] = [];
    try {
      store.together(() => {
        for (const config of configs) {
          const run = { id: newFolder(runsFolder, config.task), config, createdAt: Date.now() };
          ids.push(run.id);
          writeRunConfig(join(runsFolder, run.id), run);
          store.runs.add(run, 'paused');
          for (const tag of tags) store.runs.tag(run.id, tag);
          if (tags.length > 0) saveMarks(run.id, { durable: false });
        }
        use(ids);
      });
    } catch (error) {
      for (const id of ids) rmSync(join(runsFolder, id), { recursive: true, force: true });
      throw error;
    }
    return ids;
  }

  const services: Omit<Services, 'tables' | 'bundles' | 'download'> = {
    home,
    check,
    count: (config) => countParameters(modelOf(config)),
    create: (config, tags) => store.runs.get(services.createAll([config], tags)[0]),
    list: () => store.runs.list().map(asSeen),
    get: (id) => asSeen(store.runs.get(id)),
    resume(id) {
      const run = store.runs.get(id);
      if (run.state === 'finished')
        throw new PermafrostError(
          'conflict',
          `${run.id} is finished; there is nothing left to do. Start a new run to train again.`,
        );
      const elsewhere = scheduler.elsewhere(run.id);
      if (restingStates.includes(run.state)) scheduler.enqueue([run.id]);
      else if (scheduler.isMine(run.id) || elsewhere)
        throw new PermafrostError(
          'conflict',
          `${run.id} is ${run.state} already${elsewhere ? ` in ${elsewhere}` : ''}.`,
        );
      else scheduler.takeOver(run.id); // its app is dead or on another machine; its trainer may still be exiting
      return store.runs.get(run.id);
    },
    pause: (id) => scheduler.end(store.runs.get(id).id, 'pause'),
    stop: (id) => scheduler.end(store.runs.get(id).id, 'stop'),
    tag(id, add, remove = []) {
      mark(id, (run) => {
        for (const tag of add) store.runs.tag(run, tag);
        for (const tag of remove) store.runs.untag(run, tag);
      });
      return store.runs.get(id);
    },
    series: store.metrics.series,
    metrics: store.metrics.rows,
    subscribe: scheduler.subscribe,
    data,
    zoo,
    analysis,
    rows,
    createAll(configs, tags) {
      const ids = addRuns(configs, tags, scheduler.put);
      scheduler.begin(ids);
      return ids;
    },
    ensure: (configs, tags) =>
      ensureRuns(
        {
          ...{ rows, goOn: scheduler.goOn, begin: scheduler.begin, together: store.together },
          addRuns: (fresh, all) => addRuns(fresh, all, scheduler.put),
        },
        configs,
        tags,
      ),
    note: (id, text) => mark(id, (run) => store.runs.note(run, text)),
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
        rmSync(belowOwner({ owner: runsFolder, path: folder }), { recursive: true, force: true }); // first: a row without files can be emptied again
        store.runs.remove(id);
        scheduler.forget(id);
      }
      return ids.length;
    },
    curve: (id, key, range) => store.metrics.curve(store.runs.get(id).id, key, range),
    clock: (id, points) => store.clock.of(store.runs.get(id).id, points),
    log: (id) => readLog(folderOf(id)),
    checkpoints: (id) => readCheckpoints(folderOf(id)),
    frozen: (id) => readProof(runFiles(folderOf(id)).frozen),
    events(id, after, signal) {
      const { id: run } = store.runs.get(id);
      const source = {
        subscribe: scheduler.subscribe,
        row: () => row(run),
        seq: () => store.runs.seq(run),
        entries: (after: number) => readEntries(runFiles(join(runsFolder, run)).journal, { after }),
      };
      return runEvents(run, source, after, signal);
    },
    changes: (signal) => runChanges(scheduler.subscribe, rows, signal),
    openConfig(json) {
      try {
        const config = openConfig(json);
        check(config);
        return { ok: true, config, deviations: deviationsOf(config, taskOf(config), knownBodies(home)) };
      } catch (error) {
        if (!(error instanceof PermafrostError)) throw error;
        return { ok: false, errors: errorsByField(error.message) };
      }
    },
    estimate: (config) => estimateOf(config, store.finished(), knownBodies(home)),
    catalogue: () => catalogueOf(have, listedModels(home)),
    queue: scheduler.queue,
    moveInQueue: scheduler.move,
    pauseQueue: scheduler.pause,
    setSlots: scheduler.setSlots,
    adopt: scheduler.adopt,
    goOn: scheduler.goOn,
    elsewhere: scheduler.elsewhere,
    machine: machineLoad,
    devices(again) {
      if (again || !tried) tried = listDevices(node);
      return tried;
    },
    hasTask: have.task,
    hasBody: have.body,
    hasWeights,
    rebuild: async () => ({ ...(await rebuild(store, runsFolder)), setAside: aside }),
    idle: scheduler.idle,
    async close() {
      analysis.close();
      await scheduler.close();
      await data.close();
      await zoo.close();
      store.close();
    },
  };
  const withTables = { ...services, tables: tableServices(services, have), bundles: bundleServices(services) };
  return { ...withTables, download: (path) => downloadOf(withTables, path) };
}

const leftBehind =
  'The app and the trainer of this run have exited. Resume the run to continue from its last checkpoint.';

/**
 * The store, and the new path of a damaged one. Adds run folders that it lacks; checks a store whose last app died before it is
 * used. Throws `conflict` when a damaged store is in use.
 */
async function openRunStore(
  home: string,
  reads: boolean,
  repairs: boolean,
): Promise<{ store: Store; aside: string | null }> {
  const path = join(home, 'permafrost.db');
  const checks = repairs ? 'whole' : !reads && hasDeadApps(home) ? 'quick' : null;
  try {
    const store = await openStore(path, { reads, checks });
    if (!reads && !repairs) await rebuild(store, join(home, 'runs'), 'missing');
    return { store, aside: null };
  } catch (error) {
    if (!repairs || !isDamage((error as Error).cause)) throw error;
    const [other] = await livingApps(home);
    if (other)
      throw new PermafrostError(
        'conflict',
        `${path} is damaged and in use by ${other}. End that first, then run permafrost rebuild again.`,
      );
    const aside = setAside(path);
    return { store: await openStore(path), aside };
  }
}

/** Warns when the store has no runs but the home has run folders: its file was deleted or emptied. */
function sayLost(store: Store, runsFolder: string): void {
  if (!existsSync(runsFolder) || store.runs.isAny()) return;
  const count = readdirSync(runsFolder).filter((id) => existsSync(runFiles(join(runsFolder, id)).config)).length;
  if (count > 0)
    console.error(
      `The run store has no runs, but ${count} lie${count === 1 ? 's' : ''} in ${runsFolder}. Run permafrost rebuild to add them.`,
    );
}

function sayTrouble(message: string | null): void {
  console.error(
    message
      ? `${message} Runs continue; the store is updated from their folders when it works again.`
      : 'The run store works again.',
  );
}

/** Makes the home, readable by its user alone. */
function prepareHome(runsFolder: string, home: string): void {
  try {
    mkdirSync(dirname(home), { recursive: true });
    mkdirSync(home, { recursive: true, mode: 0o700 });
    mkdirSync(runsFolder, { recursive: true });
    accessSync(runsFolder, constants.W_OK);
  } catch (cause) {
    const { message } = diskError(runsFolder, cause);
    throw new PermafrostError('disk', `The Permafrost home cannot be used. ${message}`, { cause });
  }
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32 letters and digits that are hard to mistake

/** Makes the folder of a new run: its task and six random characters. */
function newFolder(runsFolder: string, task: string): string {
  const random = randomStream(process.pid, 'run id', Date.now(), performance.now());
  for (;;) {
    const id = `${task}-${Array.from({ length: 6 }, () => alphabet[random.below(32)]).join('')}`;
    try {
      mkdirSync(join(runsFolder, id));
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(join(runsFolder, id), error);
    }
  }
}
