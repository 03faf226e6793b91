/**
 * Speech Commands v0.02: which of 35 words a second of sound says. The data are clips of at most 16,000 samples at 16 kHz.
 * `speech-commands` (dl-project): padded with silence and brought to 8,000 samples at 8 kHz; a token is `patch_size` of them.
 * `speech-commands-mel` (the Audio Spectrogram Transformer): 128 frames of 128 log-mel energies; a token is a frame.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { fbank, melBins } from './fbank.ts';
import { divides, required } from './fields.ts';
import { majorityFloor } from './floors.ts';
import { binaryCrossEntropy, crossEntropy } from './losses.ts';
import { resampleHalf } from './resample.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import type { Dataset, SampleValues, Task } from './task.ts';

/** Samples of a clip in the network's input. */
export const clipLength = 8000;
/** Samples of a clip at 16 kHz. */
export const recordedLength = 16000;
/** Values of a clip in the data set: its number of samples, then the samples, 16-bit, up to {@link recordedLength}. */
export const recordWidth = 1 + recordedLength;
const full = 1 / 32768; // of a 16-bit sample
const soundOf = (record: SampleValues): SampleValues => record.subarray(1, 1 + record[0]);

/** The words in the order of the reference; a label is a word's index. */
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

/** Common to both forms. */
const common = {
  kind: 'sound',
  metric: 'accuracy',
  dataset: 'speech-commands',
  readsWholeBatches: true,
  scores: () => classAccuracy(classes),
  floor: (_, counts) => majorityFloor(counts),
} satisfies Partial<Task>;

/** Batches of `width` values per clip, written by `write`, with labels from the word's index by `labelOf`. */
const clipBatches =
  (
    width: number,
    write: (record: SampleValues, x: Float32Array) => void,
    labelOf = (label: number) => label,
  ): Task['batches'] =>
  (_, dataset, options) => {
    const draw = drawSamples(dataset as Dataset, options);
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const x = new Float32Array(chosen.length * width);
        for (let i = 0; i < chosen.length; i++) write(set.sample(chosen[i]), x.subarray(i * width, (i + 1) * width));
        return { x, y: Int32Array.from(chosen, (clip) => labelOf(set.labels[clip])) };
      },
    };
  };

export const speechCommands: Task = {
  ...common,
  name: 'speech-commands',
  title: 'Speech Commands',
  fields: ['patch_size'],
  settings: [{ patch_size: 80 }, { patch_size: 8000 }],
  classes: speechWords,
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),

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
  batches: clipBatches(clipLength, (record, x) => resampleHalf(soundOf(record), x, full)),

  deviations: ({ patch_size }) =>
    patch_size === clipLength
      ? [{ field: 'patch_size', text: 'A clip is one token, so the transformer has no sequence to attend to.' }]
      : [],
};

/** The words in the order of MIT/ast-finetuned-speech-commands-v2, whose labels these are. */
export const astWords: readonly string[] = [
  ...['backward', 'follow', 'five', 'bed', 'zero', 'on', 'learn', 'two', 'house', 'tree', 'dog', 'stop', 'seven'],
  ...['eight', 'down', 'six', 'forward', 'cat', 'right', 'visual', 'four', 'wow', 'no', 'nine', 'off', 'three', 'left'],
  ...['marvin', 'yes', 'up', 'sheila', 'happy', 'bird', 'go', 'one'],
];
const astLabels = speechWords.map((word) => astWords.indexOf(word));
const frames = 128;
/** Of the log-mel energies of the training set, as the checkpoint's feature extractor states them. */
const [mean, deviation] = [-6.845978, 5.5654526];

/** 128 × 128 normalised energies of a clip; frames beyond its end are zero before that. */
function spectrogram(record: SampleValues, x: Float32Array): void {
  const sound = soundOf(record);
  fbank(sound.subarray(0, recordedLength), x, full);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] - mean) / (2 * deviation);
}

export const speechCommandsMel: Task = {
  ...common,
  name: 'speech-commands-mel',
  title: 'Speech Commands, log-mel spectrograms',
  fields: [],
  settings: [{}],
  classes: astWords,
  /** Each word is an independent yes or no, as in the published training. */
  loss: () => (logits, y) => {
    const words = tf.oneHot(tf.cast(y, 'int32'), classes);
    return binaryCrossEntropy(tf.reshape(logits, [-1, classes]), words);
  },
  shape: () => ({
    tokens: frames,
    width: melBins,
    embedding: false,
    inputDim: melBins,
    outputDim: classes,
    target: [],
    targetType: 'int32',
  }),
  batches: clipBatches(frames * melBins, spectrogram, (label) => astLabels[label]),
  deviations: ({ num_iters }) =>
    num_iters === 0
      ? []
      : [
          {
            field: 'task',
            text: 'Clips are not augmented. The Audio Spectrogram Transformer was trained on clips that were mixed, masked in time and frequency, shifted and made noisy.',
          },
        ],
};
