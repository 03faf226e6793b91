/** Digit addition: the sum of `n` one-hot digits 0 … 8, as a regression. As in dl-project, the digit 9 never occurs. */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { required } from './fields.ts';
import { sumFloor } from './floors.ts';
import { squaredError } from './losses.ts';
import { absoluteError, scorer } from './scores.ts';
import type { Task, TaskData } from './task.ts';

const width = 10;
const largestDigit = 8; // numpy's randint(0, 9) excludes 9
const length = (config: ExperimentConfig): number => required(config, 'n', '2, 10 or 100');

export const digitAdd: Task = {
  name: 'digit-add',
  title: 'Digit addition',
  fields: ['n', 'variant'],
  settings: [{ n: 10 }, { n: 2 }, { n: 100 }],
  kind: 'values',
  metric: 'mae',
  dataset: null,
  readsWholeBatches: false,

  shape: (config) => ({
    tokens: length(config),
    width,
    embedding: false,
    inputDim: width,
    outputDim: 1,
    target: [1],
    targetType: 'float32',
  }),

  /** In the variant `reference` outputs [b] and targets [b, 1] broadcast to all b × b pairs, as in the committed code. */
  loss: (config) => (logits, y) => squaredError(tf.reshape(logits, config.variant === 'reference' ? [-1] : [-1, 1]), y),

  scores(config) {
    if (config.variant === 'corrected') return absoluteError;
    const overAll = (logits: Float32Array, y: TaskData, batch: number) =>
      Float64Array.from({ length: batch }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < batch; j++) sum += Math.abs(logits[j] - y[i]);
        return sum / batch;
      });
    return scorer(overAll, absoluteError.answer);
  },

  /** The last digit is in the token that is read, so reading it needs no attention. */
  floor(config) {
    const others = length(config) - 1;
    const { value, predictor } = sumFloor(new Array(largestDigit + 1).fill(1), others)!;
    return { value, predictor: `read the last digit, and ${predictor} for the sum of the others` };
  },

  batches(config, _, { seed, sizes: samples }) {
    const n = length(config);
    return {
      batch(split, index) {
        const random = randomStream(seed, split, index);
        const x = new Float32Array(samples[split] * n * width);
        const y = new Float32Array(samples[split]);
        for (let token = 0; token < samples[split] * n; token++) {
          const digit = random.below(largestDigit + 1);
          x[token * width + digit] = 1;
          y[Math.floor(token / n)] += digit;
        }
        return { x, y };
      },
    };
  },

  /** The published numbers were computed per sample. The commit of 11 June 2021 broke that. */
  deviations: ({ variant }) => [
    {
      field: 'variant',
      text:
        variant === 'reference'
          ? 'Loss and error are averaged over all pairs of samples of a batch, as in the committed code. The published numbers are older and were computed per sample.'
          : 'Loss and error are computed per sample. The committed code averages them over all pairs of samples of a batch.',
    },
  ],
};
