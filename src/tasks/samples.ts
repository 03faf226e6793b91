/** The decoded samples of a data set and their order in an epoch. */
import { PermafrostError } from '#contract/errors';
import { randomStream } from '#contract/random';
import type { BatchOptions, Dataset, SampleSet, SampleValues, Split } from './task.ts';

/** Samples of `width` values each, one after the other in memory. */
export const denseSamples = (values: SampleValues, width: number, labels: ArrayLike<number>): SampleSet => ({
  count: labels.length,
  labels,
  sample: (i) => values.subarray(i * width, (i + 1) * width),
});

/** Samples of different lengths, one after the other in memory: sample i lies from starts[i] to starts[i + 1]. */
export const raggedSamples = (
  values: SampleValues,
  starts: ArrayLike<number>,
  labels: ArrayLike<number>,
): SampleSet => ({
  count: labels.length,
  labels,
  sample: (i) => values.subarray(starts[i], starts[i + 1]),
});

/** A set of the chosen samples, in the given order. */
export const pickSamples = (set: SampleSet, chosen: ArrayLike<number>): SampleSet => ({
  count: chosen.length,
  labels: Int32Array.from({ length: chosen.length }, (_, i) => set.labels[chosen[i]]),
  sample: (i) => set.sample(chosen[i]),
  ...(set.text ? { text: (i: number) => set.text!(chosen[i]) } : {}),
});

/** The samples of a split. The final evaluation uses the test set too, in another order. */
export const samplesOf = (dataset: Dataset, split: Split): SampleSet =>
  split === 'train' ? dataset.train : dataset.test;

export interface Drawn {
  set: SampleSet;
  /** Indices of the batch's samples in the set: a view, which the next call may overwrite. */
  chosen: Int32Array;
}

interface DrawOptions extends BatchOptions {
  /** How many samples of the set make one sample of the batch. */
  each?: number;
  /** Evaluate in the order of the data instead of a random one. */
  inOrder?: boolean;
}

/** Makes a function that draws the samples of batch `index` of a split. Throws `config` if a batch needs more samples than exist. */
export function drawSamples(
  dataset: Dataset,
  { seed, sizes, each = 1, inOrder = false }: DrawOptions,
): (split: Split, index: number) => Drawn {
  const open = (split: Split) => {
    const set = samplesOf(dataset, split);
    const order = epochOrder(seed, split, set.count, sizes[split] * each, split === 'train' || !inOrder);
    return (index: number): Drawn => ({ set, chosen: order(index) });
  };
  const splits = { train: open('train'), test: open('test'), final: open('final') };
  return (split, index) => splits[split](index);
}

/**
 * Makes a function that returns the indices of the `size` samples of batch `index`. Each epoch has its own random order if
 * `shuffled`, and drops a last short batch. The order of the last requested epoch is cached.
 */
function epochOrder(
  seed: number,
  split: Split,
  count: number,
  size: number,
  shuffled: boolean,
): (index: number) => Int32Array {
  if (size > count) {
    throw new PermafrostError(
      'config',
      `A ${split} batch takes ${size} samples, but the data have ${count}. Choose a smaller batch_size or n.`,
    );
  }
  const perEpoch = Math.floor(count / size);
  let current = -1;
  let order = Int32Array.from({ length: shuffled ? 0 : count }, (_, i) => i);
  return (index) => {
    const epoch = Math.floor(index / perEpoch);
    if (shuffled && epoch !== current) {
      current = epoch;
      order = randomStream(seed, split, 'epoch', epoch).permutation(count);
    }
    const start = (index % perEpoch) * size;
    return order.subarray(start, start + size);
  };
}
