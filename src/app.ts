/** Wires the node rooms into the services that every face of Permafrost uses. */
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { configFile, type ExperimentConfig, errorsByField, openConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { randomStream } from '#contract/random';
import { restingStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { DeviceInfo, Services } from '#contract/services';
import { buildModel, countParameters, isNetwork } from '#models/index';
import { createScheduler } from '#scheduler/scheduler';
import { configFileName, readJournal } from '#store/journal';
import { openStore } from '#store/store';
import { taskOf, tasks } from '#tasks/index';
import { deviationsOf } from '#trainer/deviations';
import { listDevices } from '#trainer/device';
import { runtimeEnvironment } from '#trainer/environment';
import { readProof } from '#trainer/proof';
import { runFiles } from '#trainer/runFolder';
import { knownBodies, listedModels } from '#zoo/bodies';
import { openData } from '#zoo/data';
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

/** Opens the app on a home folder, made if needed. Throws `disk` when it cannot be written and `store` for a store that does not fit. */
export async function createApp({
  home,
  slots = 1,
  trainer = join(import.meta.dirname, 'trainer', 'main.ts'),
  node,
}: AppOptions): Promise<Services> {
  const runsFolder = join(home, 'runs');
  prepareHome(runsFolder, home);
  const store = await openStore(join(home, 'permafrost.db'));
  const scheduler = createScheduler({ store, home, slots, trainer, node, environment: runtimeEnvironment() });
  scheduler.recover();
  const zoo = createZoo({ home });
  const data = openData(home, { node });
  const modelOf = (config: ExperimentConfig) => buildModel(config, taskOf(config).shape(config), knownBodies(home));

  const folderOf = (id: string): string => join(runsFolder, store.runs.get(id).id);
  const hasWeights = (name: string) => findWeights(home, name) !== null;
  const have = {
    body: (name: string) => Object.hasOwn(knownBodies(home), name) || isNetwork(name),
    task: (name: string) => Object.hasOwn(tasks, name),
    weights: hasWeights,
  };
  const rows = (ids?: readonly string[]) => store.rows(ids).map(rowOf);
  const row = (id: string): RunRow => rows([store.runs.get(id).id])[0];
  let tried: Promise<DeviceInfo[]> | null = null;
  const analysis = analysisServices({ home, folderOf, node });

  const services: Omit<Services, 'tables' | 'bundles' | 'download'> = {
    home,
    check: (config) => void modelOf(config),
    count: (config) => countParameters(modelOf(config)),
    create(config, tags = []) {
      modelOf(config);
      const createdAt = Date.now();
      const id = newFolder(runsFolder, config.task);
      writeFileSync(
        join(runsFolder, id, configFileName),
        `${JSON.stringify({ id, createdAt, ...configFile(config) }, null, 2)}\n`,
      );
      store.runs.add({ id, config, createdAt }, 'queued');
      for (const tag of tags) store.runs.tag(id, tag);
      scheduler.enqueue(id);
      return store.runs.get(id);
    },
    list: store.runs.list,
    get: store.runs.get,
    resume(id) {
      const run = store.runs.get(id);
      if (run.state === 'finished')
        throw new PermafrostError(
          'conflict',
          `${run.id} is finished; there is nothing left to do. Start a new run to train again.`,
        );
      if (!restingStates.includes(run.state))
        throw new PermafrostError('conflict', `${run.id} is ${run.state} already.`);
      scheduler.enqueue(run.id);
      return store.runs.get(run.id);
    },
    pause: (id) => scheduler.end(store.runs.get(id).id, 'pause'),
    stop: (id) => scheduler.end(store.runs.get(id).id, 'stop'),
    tag(id, add, remove = []) {
      const run = store.runs.get(id);
      for (const tag of add) store.runs.tag(run.id, tag);
      for (const tag of remove) store.runs.untag(run.id, tag);
      scheduler.changed(run.id);
      return store.runs.get(run.id);
    },
    series: store.metrics.series,
    metrics: store.metrics.rows,
    subscribe: scheduler.subscribe,
    data,
    zoo,
    analysis,
    rows,
    createAll(configs, tags) {
      for (const config of configs) modelOf(config);
      return configs.map((config) => services.create(config, tags).id);
    },
    ensure: (configs, tags) => ensureRuns(services, configs, tags),
    note(id, text) {
      const run = store.runs.get(id);
      store.runs.note(run.id, text);
      scheduler.changed(run.id);
    },
    archive(ids, archived) {
      for (const id of ids) store.runs.archive(id, archived);
      for (const id of ids) scheduler.changed(id);
    },
    trash(ids) {
      const busy = ids.find((id) => !restingStates.includes(store.runs.get(id).state));
      if (busy) throw new PermafrostError('conflict', `${busy} is ${store.runs.get(busy).state}. Stop it first.`);
      for (const id of ids) store.runs.trash(id, Date.now());
      for (const id of ids) scheduler.changed(id);
    },
    restore(ids) {
      for (const id of ids) store.runs.trash(id, null);
      for (const id of ids) scheduler.changed(id);
    },
    emptyTrash() {
      const ids = store.runs.inTrash();
      for (const id of ids) {
        rmSync(join(runsFolder, id), { recursive: true, force: true }); // first: a row without files can be emptied again
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
        entries: (after: number) => readJournal(join(runsFolder, run), { after }),
      };
      return runEvents(run, source, after, signal);
    },
    changes: (signal) => runChanges(scheduler.subscribe, rows, signal),
    openConfig(json) {
      try {
        const config = openConfig(json);
        modelOf(config);
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
    machine: machineLoad,
    devices(again) {
      if (again || !tried) tried = listDevices(node);
      return tried;
    },
    hasTask: have.task,
    hasBody: have.body,
    hasWeights,
    rebuild: () => store.rebuild(runsFolder),
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

function prepareHome(runsFolder: string, home: string): void {
  try {
    mkdirSync(runsFolder, { recursive: true });
    accessSync(runsFolder, constants.W_OK);
  } catch (cause) {
    throw new PermafrostError(
      'disk',
      `The Permafrost home ${home} cannot be written: ${(cause as Error).message}. Make it writable, or set PERMAFROST_HOME to another folder.`,
      { cause },
    );
  }
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'; // 32 letters and digits that are hard to mistake

/** Makes the folder of a new run: its task and six random characters. */
function newFolder(runsFolder: string, task: string): string {
  const random = randomStream(process.pid, 'run id', Date.now(), performance.now());
  for (;;) {
    const id = `${task}-${Array.from({ length: 6 }, () => alphabet[random.below(32)]).join('')}`;
    if (existsSync(join(runsFolder, id))) continue;
    mkdirSync(join(runsFolder, id));
    return id;
  }
}
