/** Wires the node rooms into the services that every face of Permafrost uses. */
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { configFile, type ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { randomStream } from '#contract/random';
import { restingStates } from '#contract/run';
import type { Services } from '#contract/services';
import { bodies, buildModel, countParameters } from '#models/index';
import { createScheduler } from '#scheduler/scheduler';
import { configFileName } from '#store/journal';
import { openStore } from '#store/store';
import { taskOf, tasks } from '#tasks/index';
import { listDevices } from '#trainer/device';
import { findWeights } from '#zoo/weights';

export interface AppOptions {
  home: string;
  /** Trainers at once. */
  slots?: number;
  /** The trainer program; tests may give another that keeps the protocol. */
  trainer?: string;
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
}: AppOptions): Promise<Services> {
  const runsFolder = join(home, 'runs');
  prepareHome(runsFolder, home);
  const store = await openStore(join(home, 'permafrost.db'));
  const scheduler = createScheduler({ store, home, slots, trainer });
  scheduler.recover();
  const modelOf = (config: ExperimentConfig) => buildModel(config, taskOf(config).shape(config));

  return {
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
      return store.runs.get(run.id);
    },
    series: store.metrics.series,
    metrics: store.metrics.rows,
    subscribe: scheduler.subscribe,
    devices: listDevices,
    hasTask: (name) => Object.hasOwn(tasks, name),
    hasBody: (name) => Object.hasOwn(bodies, name),
    hasWeights: (name) => findWeights(home, name) !== null,
    rebuild: () => store.rebuild(runsFolder),
    idle: scheduler.idle,
    async close() {
      await scheduler.close();
      store.close();
    },
  };
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
