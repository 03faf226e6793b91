/** The table of data sets that can be loaded on this machine. */
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { Dataset } from '#tasks/task';
import { loadMnist } from './mnist.ts';

export interface LoadedDataset {
  dataset: Dataset;
  /** The folder that it came from. */
  source: string;
  /** What a reader of the run's numbers should know, e.g. files that are not the official ones. */
  notes: string[];
}

const loaders: Record<string, (folder: string) => LoadedDataset> = { mnist: loadMnist };

/** Whether `loadDataset` knows the name. */
export const hasDataset = (name: string): boolean => name in loaders;

/** Loads a data set, from `{home}/data/{name}` where that exists. Throws `data` naming file, expected, found and remedy. */
export async function loadDataset(name: string, { home }: { home: string }): Promise<LoadedDataset> {
  const load = loaders[name];
  if (!load)
    throw new PermafrostError('data', `There is no data set "${name}". Known: ${Object.keys(loaders).join(', ')}.`);
  return load(join(home, 'data', name));
}
