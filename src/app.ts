/** Wires the rooms that run in Node into the services that the command line, the window and the server use. */
import { join } from 'node:path';
import { readClusterSettings } from '#cluster/settingsFile';
import { slurmLauncher } from '#cluster/slurmLauncher';
import type { ExperimentConfig } from '#contract/config';
import type { Services } from '#contract/services';
import { localLauncher } from '#scheduler/localLauncher';
import { createScheduler } from '#scheduler/scheduler';
import { rebuild } from '#store/rebuild';
import type { Store } from '#store/store';
import { tasks } from '#tasks/index';
import { runtimeEnvironment } from '#trainer/environment';
import { canonicalName } from '#zoo/catalog';
import { openData } from '#zoo/data';
import { sweepTrash } from '#zoo/trash';
import { createZoo } from '#zoo/zoo';
import { analysisServices } from './app/analysis.ts';
import { availableIn } from './app/available.ts';
import { bundleServices } from './app/bundles.ts';
import { clusterScript, clusterServices } from './app/cluster.ts';
import { configServices } from './app/config.ts';
import { deviceServices } from './app/devices.ts';
import { downloadOf } from './app/downloads.ts';
import { prepareHome } from './app/home.ts';
import { openSpeedMeter } from './app/machineSpeed.ts';
import { openRunStore } from './app/openRunStore.ts';
import { runServices } from './app/runs.ts';
import { tableServices } from './app/tables.ts';

export interface AppOptions {
  home: string;
  /** How many trainers may run at once. */
  slots?: number;
  /** The trainer program; tests may pass another one with the same protocol. */
  trainer?: string;
  /** The Node that trains and tries devices; by default the one of this process, which does not work inside Electron. */
  node?: string;
  /** Measures the speed of this machine once, at the first estimate. */
  measures?: boolean;
  /** For read-only commands: writes nothing to the disk, so it works on a home that is not writable. */
  reads?: boolean;
  /** Moves a damaged store away and makes an empty one, which is then rebuilt. */
  repairs?: boolean;
}

/**
 * Opens the app on a home folder, which it makes if needed. Throws `disk` if the folder is not writable, and `store` if the store is
 * damaged or of another version.
 */
export async function createApp({
  home,
  slots = 1,
  trainer = join(import.meta.dirname, 'trainer', 'main.ts'),
  node,
  measures = false,
  reads = false,
  repairs = false,
}: AppOptions): Promise<Services> {
  if (!reads) prepareHome(home);
  const { store, damaged } = await openRunStore(home, { reads, repairs });
  const environment = runtimeEnvironment();
  const clusterOptions = {
    home,
    program: join(import.meta.dirname, '..'),
    environment: clusterEnvironment(environment),
  };
  const slurm = slurmLauncher({
    home,
    settings: () => readClusterSettings(home),
    scriptOf: (batch, runs) => clusterScript(clusterOptions, batch, runs),
  });
  const launchers = {
    local: localLauncher({ home, program: trainer, node, environment: runtimeEnvironment(process.env, home) }),
    slurm: slurm.launch,
  };
  const scheduler = createScheduler({ store, home, slots, launchers, onTrouble: reportTrouble });
  if (!reads) {
    scheduler.recover();
    sweepTrash(home);
  }
  const available = availableIn(home);
  const isOf = (dataset: string, task: string) => available.task(task) && tasks[task].dataset === dataset;
  const zoo = createZoo({
    home,
    usedBy: (model) => activeRuns(store, ({ model_name }) => canonicalName(model_name) === model),
  });
  const data = openData(home, { node, usedBy: (dataset) => activeRuns(store, ({ task }) => isOf(dataset, task)) });
  const isIdle = () => scheduler.queue.get().running.length === 0;
  const meter = reads ? null : openSpeedMeter({ home, node, isIdle, measures });
  const runs = runServices({ home, store, scheduler, reads });
  const onCuda = () => activeRuns(store, (config, device) => config.device === 'cuda' || device?.startsWith('cuda'));
  const devices = deviceServices(home, { node, onCuda });
  const analysis = analysisServices({ home, runs, node });
  const config = configServices(home, available, store, meter, node);
  const services = {
    ...{ home, runs, queue: scheduler.queue, config, devices, data, zoo, analysis },
    cluster: clusterServices(clusterOptions),
  };
  const tables = tableServices(services, available);
  return {
    ...services,
    tables,
    bundles: bundleServices(services),
    download: (path) => downloadOf({ ...services, tables }, path),
    rebuild: async () => ({ ...(await rebuild(store, join(home, 'runs'))), setAside: damaged }),
    async close() {
      analysis.close();
      meter?.close();
      await runs.close();
      await scheduler.close();
      await slurm.close();
      await data.close();
      await zoo.close();
      store.close();
    },
  };
}

/** The part of this process's environment that trainers on the nodes need: runtime settings and the place of Hugging Face's files. */
const clusterEnvironment = (environment: NodeJS.ProcessEnv): Record<string, string> => {
  const names = [...Object.keys(runtimeEnvironment({})), 'HF_HOME', 'HF_HUB_CACHE', 'HF_ENDPOINT', 'HF_HUB_OFFLINE'];
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
};

/** Queued and running runs of all apps whose config, and the device that an earlier session computed on, `needs` accepts. */
function activeRuns(
  store: Store,
  needs: (config: ExperimentConfig, device: string | null) => boolean | undefined,
): string[] {
  const active = [...store.runs.inState('running'), ...store.runs.inState('queued')];
  return active.filter(({ config, device }) => needs(config, device)).map(({ id }) => id);
}

function reportTrouble(message: string | null): void {
  console.error(
    message
      ? `${message} Runs continue. Once the store works again, it is updated from their folders.`
      : 'The run store works again.',
  );
}
