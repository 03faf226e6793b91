/**
 * Speech Commands v0.02: which of 35 words a second of sound says (dl-project). The data are clips of 16,000 samples at
 * 16 kHz, padded with silence and brought to 8,000 at 8 kHz; a token is `patch_size` of them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { divides, required } from './fields.ts';
import { majorityFloor } from './floors.ts';
import { crossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import type { Dataset, Task } from './task.ts';

/** Samples of a clip as the network hears it. */
export const clipLength = 8000;

/** The words in the order of the reference; a label is a word's place. */
export const speechWords: readonly string[] = [
  ...['backward', 'bed', 'bird', 'cat', 'dog', 'down', 'eight', 'five', 'follow', 'forward', 'four', 'go', 'happy'],
  ...['house', 'learn', 'left', 'marvin', 'nine', 'no', 'off', 'on', 'one', 'right', 'seven', 'sheila', 'six', 'stop'],
  ...['three', 'tree', 'two', 'up', 'visual', 'wow', 'yes', 'zero'],
];
const classes = speechWords.length;

function patchOf(config: ExperimentConfig): number {
  const patch = required(config, 'patch_size', '80, and 8000 by mistake');
  divides('patch_size', patch, clipLength, 'the length of a clip');
  return patch;
}

export const speechCommands: Task = {
  name: 'speech-commands',
  title: 'Speech Commands',
  fields: ['patch_size'],
  settings: [{ patch_size: 80 }, { patch_size: 8000 }],
  kind: 'sound',
  classes: speechWords,
  metric: 'accuracy',
  dataset: 'speech-commands',
  readsWholeBatches: true,

  shape(config) {
    const patch = patchOf(config);
    const tokens = clipLength / patch;
    return {
      tokens,
      width: patch,
      embedding: false,
      inputDim: patch,
      outputDim: classes,
      target: [],
      targetType: 'int32',
    };
  },
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
  scores: () => classAccuracy(classes),
  floor: (_, counts) => majorityFloor(counts),

  batches(_, dataset, options) {
    const draw = drawSamples(dataset as Dataset, options);
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const x = new Float32Array(chosen.length * clipLength);
        for (let i = 0; i < chosen.length; i++) x.set(set.sample(chosen[i]), i * clipLength);
        return { x, y: Int32Array.from(chosen, (clip) => set.labels[clip]) };
      },
    };
  },

  deviations: ({ patch_size }) =>
    patch_size === clipLength
      ? [{ field: 'patch_size', text: 'A clip is one token, so the transformer has no sequence to look at.' }]
      : [],
};
