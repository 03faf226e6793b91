/** The services for data sets: list, pull, verify, remove, samples and floors. */
import type { DataSamples, DataServices, DatasetInfo, PullProgress } from '#contract/data';
import { PermafrostError } from '#contract/errors';
import { isLink, refuseInUse } from '#disk/removable';
import type { LabelCounts } from '#tasks/floors';
import { taskOf, tasks } from '#tasks/index';
import { readMolecules } from './cyp3a4.ts';
import { datasetPlaces, removablePlaces } from './datasetFiles.ts';
import { datasetOf, datasets } from './datasets.ts';
import { markOf } from './decoded.ts';
import { describeDataset, labelCounts } from './describeDataset.ts';
import { loadDataset } from './loadDataset.ts';
import { discardPartial, pullDataset } from './pullDataset.ts';
import { createPulls } from './pulls.ts';
import { describeSamples } from './samples.ts';
import { scaffoldSplit } from './scaffold.ts';
import { createTrash } from './trash.ts';
import { verifyDataset } from './verifyDataset.ts';

export interface Data extends DataServices {
  /** Pauses pulls and deletes removed data sets for good. */
  close(): Promise<void>;
}

export interface DataOptions {
  /** Path of the Node that runs helper processes; this process's own by default, which does not work inside Electron. */
  node?: string;
  /** Ids of the running or queued runs that learn from a data set. None by default. A data set that runs use cannot be removed. */
  usedBy?(name: string): readonly string[];
}

/** Opens the data sets of a home. */
export function openData(home: string, { node, usedBy = () => [] }: DataOptions = {}): Data {
  const pulls = createPulls<PullProgress, void>();
  const trash = createTrash();
  const known = new Map<string, { mark: string | null; counts: LabelCounts }>();
  /** Counts of labels. They are read once for each decoded form, because every cell of a table asks for them. */
  function countsOf(name: string): LabelCounts {
    const row = datasetOf(name);
    const mark = markOf(datasetPlaces(home, row).cache);
    const last = known.get(name);
    if (last?.mark === mark) return last.counts;
    const counts = labelCounts(row, home);
    known.set(name, { mark, counts });
    return counts;
  }
  function refuseWhileFetched(name: string): void {
    if (pulls.isRunning(name))
      throw new PermafrostError('conflict', `${name} is being fetched. Pause or cancel that first.`);
  }
  /** Refuses to replace a link that runs read their data through. */
  function refuseRelink(name: string, from: string | undefined): void {
    if (from !== undefined && isLink(datasetPlaces(home, datasetOf(name)).folder)) refuseInUse(name, usedBy(name));
  }
  const nothingToRemove = (name: string): string =>
    describeDataset(datasetOf(name), home).place === 'bundled'
      ? `${name} is part of Permafrost and cannot be removed.`
      : `There are no files of ${name} on this machine.`;
  const describe = (name: string): DatasetInfo => ({
    ...describeDataset(datasetOf(name), home),
    tasks: Object.values(tasks).flatMap((task) => (task.dataset === name ? [task.name] : [])),
  });
  return {
    list: async () => Object.keys(datasets).map(describe),
    async pull(name, options = {}) {
      refuseRelink(name, options.from);
      await pullDataset(datasetOf(name), { home, node, ...options });
      return describe(name);
    },
    verify: async (name) => verifyDataset(datasetOf(name), home),
    startPull(name, from) {
      const row = datasetOf(name);
      refuseRelink(name, from);
      pulls.begin(row.name, (controls) => pullDataset(row, { home, node, from, ...controls }));
    },
    pause: pulls.pause,
    async cancel(name) {
      const row = datasetOf(name);
      await pulls.forget(name);
      await discardPartial(row, home);
      pulls.tell();
    },
    pulls: pulls.states,
    subscribe: pulls.subscribe,
    async rm(name) {
      const row = datasetOf(name);
      refuseWhileFetched(name);
      refuseInUse(name, usedBy(name));
      await pulls.forget(name);
      const { places, bytes, kept } = removablePlaces(row, home);
      if (places.length + kept.length === 0) throw new PermafrostError('conflict', nothingToRemove(name));
      if (places.length > 0) await trash.put(name, places, bytes);
      pulls.tell();
      return { freedBytes: bytes, kept };
    },
    removed: trash.list,
    async restore(name) {
      const row = datasetOf(name);
      refuseWhileFetched(name);
      await trash.takeBack(row.name);
      pulls.tell();
      return describe(name);
    },
    async close() {
      await pulls.close();
      await trash.empty();
    },

    async samples(config, { split = 'test', count = 8 } = {}): Promise<DataSamples> {
      const task = taskOf(config);
      const loaded = task.dataset === null ? null : await loadDataset(task.dataset, { home, node });
      try {
        const sizes = { train: 1, test: 1, final: 1, [split]: count };
        const dataset = loaded?.dataset ?? null;
        const batch = task.batches(config, dataset, { seed: config.seed, sizes }).batch(split, 0);
        return describeSamples(config, loaded, batch, { split, count });
      } finally {
        loaded?.close();
      }
    },

    async floor(config) {
      const task = taskOf(config);
      return task.floor(config, task.dataset === null ? null : countsOf(task.dataset));
    },

    async split(name, file, onProgress) {
      if (name !== 'cyp3a4') {
        throw new PermafrostError(
          'config',
          `${name} uses the split of its authors. Only molecules are split by scaffold: permafrost data split cyp3a4 --file FILE.`,
        );
      }
      const { smiles } = readMolecules(file);
      return scaffoldSplit(smiles, { onProgress });
    },
  };
}
