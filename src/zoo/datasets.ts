/** The table of data sets. */
import { nearest, PermafrostError } from '#contract/errors';
import { cifar10Dataset } from './cifar10.ts';
import { cyp3a4Dataset } from './cyp3a4.ts';
import { cyp3a4GraphDataset } from './cyp3a4Graph.ts';
import type { DatasetRow } from './dataset.ts';
import { listopsDataset } from './listops.ts';
import { mnistDataset } from './mnist.ts';
import { speechCommandsDataset } from './speechCommands.ts';

export const datasets: Readonly<Record<string, DatasetRow>> = Object.fromEntries(
  [mnistDataset, cifar10Dataset, speechCommandsDataset, cyp3a4Dataset, cyp3a4GraphDataset, listopsDataset].map(
    (row) => [row.name, row],
  ),
);

/** The row of that name. Throws `notFound` with the most similar name. */
export function datasetOf(name: string): DatasetRow {
  if (Object.hasOwn(datasets, name)) return datasets[name];
  const names = Object.keys(datasets);
  throw new PermafrostError(
    'notFound',
    `There is no data set "${name}". Did you mean ${nearest(name, names)}? Data sets: ${names.join(', ')}.`,
  );
}
