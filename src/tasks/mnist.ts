/** MNIST: a 28 × 28 digit as a sequence of square patches (arXiv 2103.05247, section 2.1). */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { divides, required } from './fields.ts';
import { epochOrder, imagesOf, patchOrder, patchShape } from './images.ts';
import { crossEntropy } from './losses.ts';
import { classAccuracy } from './scores.ts';
import type { Dataset, Split, Task } from './task.ts';

const side = 28;
const classes = 10;

function patchOf(config: ExperimentConfig): number {
  const patch = required(config, 'patch_size', '4');
  divides('patch_size', patch, side, 'the image side');
  return patch;
}

export const mnist: Task = {
  name: 'mnist',
  title: 'MNIST',
  fields: ['patch_size'],
  metric: 'accuracy',
  dataset: 'mnist',
  readsWholeBatches: true,

  shape(config) {
    const { tokens, width } = patchShape(side, side, 1, patchOf(config));
    return { tokens, width, embedding: false, inputDim: width, outputDim: classes, target: [], targetType: 'int32' };
  },
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
  scores: () => classAccuracy(classes),

  batches(config, dataset, { seed, sizes }) {
    const order = patchOrder(side, side, 1, patchOf(config));
    const pick = (split: Split) => epochOrder(seed, split, imagesOf(dataset as Dataset, split).count, sizes[split]);
    const picks = { train: pick('train'), test: pick('test'), final: pick('final') };
    return {
      batch(split, index) {
        const { images, labels } = imagesOf(dataset as Dataset, split);
        const chosen = picks[split](index);
        const x = new Float32Array(chosen.length * order.length);
        for (let i = 0; i < chosen.length; i++) {
          const [from, to] = [chosen[i] * order.length, i * order.length];
          for (let k = 0; k < order.length; k++) x[to + k] = images[from + order[k]] / 255;
        }
        return { x, y: Int32Array.from(chosen, (image) => labels[image]) };
      },
    };
  },

  deviations: () => [],
};
