/**
 * Speech Commands v0.02: which of 35 words does a clip say? Clips have at most 16,000 samples at 16 kHz, which is one second.
 * - `speech-commands` (dl-project): clips are padded with silence and resampled to 8,000 samples at 8 kHz; a token is
 *   `patch_size` samples.
 * - `speech-commands-mel` (Audio Spectrogram Transformer): clips become 128 frames of 128 log-mel energies; a token is a frame.
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

/** Number of samples of a clip in the network's input. */
export const clipLength = 8000;
/** Most samples of a clip at 16 kHz. */
export const recordedLength = 16000;
/** Number of values of a clip in the data set: its number of samples, then space for {@link recordedLength} 16-bit samples. */
export const recordWidth = 1 + recordedLength;
const full = 1 / 32768; // scales a 16-bit sample to [−1, 1)
const soundOf = (record: SampleValues): SampleValues => record.subarray(1, 1 + record[0]);

/** The words in the order of the reference. A label is the index of a word. */
export const speechWords: readonly string[] = [
  ...['backward', 'bed', 'bird', 'cat', 'dog', 'down', 'eight', 'five', 'follow', 'forward', 'four', 'go', 'happy'],
  ...['house', 'learn', 'left', 'marvin', 'nine', 'no', 'off', 'on', 'one', 'right', 'seven', 'sheila', 'six', 'stop'],
  ...['three', 'tree', 'two', 'up', 'visual', 'wow', 'yes', 'zero'],
];
const classes = speechWords.length;

function patchOf(config: ExperimentConfig): number {
  const patch = required(config, 'patch_size', '80, or by mistake 8000');
  divides('patch_size', patch, clipLength, 'the length of a clip');
  return patch;
}

/** The common part of both tasks. */
const common = {
  kind: 'sound',
  metric: 'accuracy',
  dataset: 'speech-commands',
  readsWholeBatches: true,
  scores: () => classAccuracy(classes),
  floor: (_, counts) => majorityFloor(counts),
} satisfies Partial<Task>;

/** Makes batches of clips: `write` writes the `width` values of a clip, `labelOf` maps the index of a word to its label. */
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

/** The words in the order of the labels of MIT/ast-finetuned-speech-commands-v2. */
export const astWords: readonly string[] = [
  ...['backward', 'follow', 'five', 'bed', 'zero', 'on', 'learn', 'two', 'house', 'tree', 'dog', 'stop', 'seven'],
  ...['eight', 'down', 'six', 'forward', 'cat', 'right', 'visual', 'four', 'wow', 'no', 'nine', 'off', 'three', 'left'],
  ...['marvin', 'yes', 'up', 'sheila', 'happy', 'bird', 'go', 'one'],
];
const astLabels = speechWords.map((word) => astWords.indexOf(word));
const frames = 128;
/** Mean and standard deviation of the log-mel energies of the training set, from the checkpoint's feature extractor. */
const [mean, deviation] = [-6.845978, 5.5654526];

/** Writes the 128 × 128 normalised energies of a clip. Frames after its end are zero before they are normalised. */
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
  /** Each word is an independent binary label, as in the published training. */
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
