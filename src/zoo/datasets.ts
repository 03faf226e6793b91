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
export const hasDataset = (name: string): boolean => Object.hasOwn(loaders, name);

/** Loads a data set, from `{home}/data/{name}` where that exists. Throws `data` naming file, expected, found and remedy. */
export async function loadDataset(name: string, { home }: { home: string }): Promise<LoadedDataset> {
  if (!hasDataset(name))
    throw new PermafrostError('data', `There is no data set "${name}". Known: ${Object.keys(loaders).join(', ')}.`);
  return loaders[name](join(home, 'data', name));
}
