/** Bit XOR: the elementwise XOR of `num_patterns` random patterns of `n` bits (arXiv 2103.05247, section 2.1). */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { plural } from '#contract/format';
import { randomStream } from '#contract/random';
import type { Deviation } from '#contract/run';
import { divides, required } from './fields.ts';
import { coinFloor } from './floors.ts';
import { binaryCrossEntropy, crossEntropy, saturatingBinaryCrossEntropy } from './losses.ts';
import { argmax, bitAccuracy } from './scores.ts';
import type { Task } from './task.ts';

function sizes(config: ExperimentConfig) {
  const n = required(config, 'n', '5, 10, 50 or 100');
  return { n, patch: config.patch_size ?? n, patterns: required(config, 'num_patterns', '2') };
}
const pairs = (config: ExperimentConfig): boolean => config.bit_head === 'cross-entropy';

export const bitXor: Task = {
  name: 'bit-xor',
  title: 'Bit XOR',
  fields: ['n', 'num_patterns', 'patch_size', 'bit_head', 'variant'],
  settings: [5, 10, 50, 100].map((n) => ({ n, num_patterns: 2 })),
  kind: 'values',
  metric: 'accuracy',
  twoPeaked: true, // the published runs of ten bits ended at 1.000 or at 0.500
  dataset: null,
  readsWholeBatches: false,

  /** The network cuts a pattern of n bits into n / patch_size tokens and reads those of the last pattern. */
  shape(config) {
    const { n, patch, patterns } = sizes(config);
    if (config.patch_size !== null && config.variant === 'reference') {
      throw new PermafrostError(
        'config',
        'patch_size: the reference fails with a patch_size on bit-xor. Leave it empty, or choose the variant corrected.',
      );
    }
    divides('patch_size', patch, n, 'n');
    return {
      ...{ tokens: patterns, width: n, embedding: false, inputDim: patch },
      ...{ outputDim: pairs(config) ? 2 * patch : patch, target: [n], targetType: 'int32' as const },
    };
  },

  loss(config) {
    const { n } = sizes(config);
    if (pairs(config)) return (logits, y) => crossEntropy(tf.reshape(logits, [-1, 2]), tf.reshape(y, [-1]));
    const loss = config.variant === 'reference' ? saturatingBinaryCrossEntropy : binaryCrossEntropy;
    return (logits, y) => loss(tf.reshape(logits, [-1, n]), y);
  },

  scores(config) {
    const { n } = sizes(config);
    return bitAccuracy(
      n,
      pairs(config) ? (logits, bit) => argmax(logits, 2 * bit, 2) : (logits, bit) => Number(logits[bit] > 0),
    );
  },

  floor: () => coinFloor,

  batches(config, _, { seed, sizes: samples }) {
    const { n, patterns } = sizes(config);
    return {
      batch(split, index) {
        const random = randomStream(seed, split, index);
        const x = new Float32Array(samples[split] * patterns * n);
        const y = new Int32Array(samples[split] * n);
        for (let i = 0; i < x.length; i++) {
          x[i] = random.below(2);
          const sample = Math.floor(i / (patterns * n));
          y[sample * n + (i % n)] ^= x[i];
        }
        return { x, y };
      },
    };
  },

  deviations(config) {
    const cut: Deviation[] =
      config.patch_size === null
        ? []
        : [
            {
              field: 'patch_size',
              text: `A token holds ${plural(config.patch_size, 'bit')} of a pattern, as in the paper's picture of attention. In its table, and in dl-project, a token holds a whole pattern.`,
            },
          ];
    if (pairs(config))
      return [
        ...cut,
        {
          field: 'bit_head',
          text: 'The output has two logits per bit, and the loss is cross entropy, as in dl-project before 7 June 2021.',
        },
      ];
    if (config.variant === 'reference') return [];
    return [
      ...cut,
      {
        field: 'variant',
        text: 'The loss is binary cross entropy of logits. The committed code computes it from saturated probabilities, where a confident wrong bit has no gradient.',
      },
    ];
  },
};
