/**
 * Bit memory (arXiv 2103.05247, section 2.1): recall one of several patterns of ±1 bits. The last row repeats it with half of
 * its bits replaced by 0.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { divides, required } from './fields.ts';
import { coinFloor } from './floors.ts';
import { crossEntropy } from './losses.ts';
import { argmax, bitAccuracy } from './scores.ts';
import type { Task } from './task.ts';

function sizes(config: ExperimentConfig) {
  const n = required(config, 'n', '1000');
  const patch = config.patch_size ?? n;
  divides('patch_size', patch, n, 'n');
  return { n, patch, patterns: required(config, 'num_patterns', '5') };
}

export const bitMemory: Task = {
  name: 'bit-memory',
  title: 'Bit memory',
  fields: ['n', 'num_patterns', 'patch_size'],
  settings: [{ n: 1000, num_patterns: 5, patch_size: 50 }],
  kind: 'values',
  metric: 'accuracy',
  dataset: null,
  readsWholeBatches: false,

  /** The network cuts a row of n bits into n / patch_size tokens and reads those of the last row. */
  shape(config) {
    const { n, patch, patterns } = sizes(config);
    return {
      tokens: patterns + 1,
      width: n,
      embedding: false,
      inputDim: patch,
      outputDim: 2 * patch,
      target: [n],
      targetType: 'int32',
    };
  },

  /** Each bit has two adjacent logits; class 1 means +1. */
  loss: () => (logits, y) =>
    crossEntropy(tf.reshape(logits, [-1, 2]), tf.cast(tf.greater(tf.reshape(y, [-1]), tf.scalar(0, 'int32')), 'int32')),
  scores: (config) => bitAccuracy(sizes(config).n, (logits, bit) => 2 * argmax(logits, 2 * bit, 2) - 1),

  /** Half of the bits are visible in the row that is read, so predicting them needs no memory. */
  floor: () => ({
    value: (1 + coinFloor.value) / 2,
    predictor: 'copy the visible bits, and always predict the same value for the hidden ones',
  }),

  batches(config, _, { seed, sizes: samples }) {
    const { n, patterns } = sizes(config);
    return {
      batch(split, index) {
        const random = randomStream(seed, split, index);
        const x = new Float32Array(samples[split] * (patterns + 1) * n);
        const y = new Int32Array(samples[split] * n);
        for (let sample = 0; sample < samples[split]; sample++) {
          const start = sample * (patterns + 1) * n;
          for (let i = 0; i < patterns * n; i++) x[start + i] = 2 * random.below(2) - 1;
          const asked = start + random.below(patterns) * n;
          for (let bit = 0; bit < n; bit++) {
            y[sample * n + bit] = x[asked + bit];
            x[start + patterns * n + bit] = random.below(2) * x[asked + bit];
          }
        }
        return { x, y };
      },
    };
  },

  deviations: () => [],
};
