/** MNIST: a 28 × 28 digit as a sequence of square patches (arXiv 2103.05247, section 2.1). */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { divides, required } from './fields.ts';
import { majorityFloor } from './floors.ts';
import { patchOrder, patchShape } from './images.ts';
import { crossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import type { Dataset, Task } from './task.ts';

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
  settings: [{ patch_size: 4 }],
  kind: 'image',
  metric: 'accuracy',
  dataset: 'mnist',
  readsWholeBatches: true,

  shape(config) {
    const { tokens, width } = patchShape(side, side, 1, patchOf(config));
    return { tokens, width, embedding: false, inputDim: width, outputDim: classes, target: [], targetType: 'int32' };
  },
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
  scores: () => classAccuracy(classes),

  floor: (_, counts) => majorityFloor(counts),

  batches(config, dataset, options) {
    const order = patchOrder(side, side, 1, patchOf(config));
    const draw = drawSamples(dataset as Dataset, options);
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const x = new Float32Array(chosen.length * order.length);
        for (let i = 0; i < chosen.length; i++) {
          const image = set.sample(chosen[i]);
          for (let k = 0; k < order.length; k++) x[i * order.length + k] = image[order[k]] / 255;
        }
        return { x, y: Int32Array.from(chosen, (image) => set.labels[image]) };
      },
    };
  },

  deviations: () => [],
};
