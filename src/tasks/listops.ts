/**
 * ListOps of the Long Range Arena: the value of nested MIN, MAX, MED and SM (sum mod 10) over digits. There are two readings:
 * - `fpt`, as in the code of arXiv 2103.05247: all brackets are dropped, so the nesting is lost, and text is cut at 512 tokens;
 * - `lra`, as in the arena: closing brackets stay, and text is cut at 2,000 tokens.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import type { Floor } from '#contract/floor';
import { crossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import { padSequences } from './sequences.ts';
import type { Dataset, SampleValues, Task } from './task.ts';

/**
 * The outermost operator says much about the value. Among 40,000 expressions generated here, predicting the commonest value
 * for the first symbol is right for 35.8 %, predicting the commonest value of all for 16 to 17 %.
 */
const firstOperatorFloor: Floor = {
  value: 0.358,
  predictor: 'predict 0, 4 or 9 for a first operator of MIN or SM, MED, or MAX',
};

/** Symbols of the data set. A symbol's code is its index; 0 is padding. Opening and round brackets add no information and are left out. */
export const listopsSymbols = ['', ...'0123456789', '[MIN', '[MAX', '[MED', '[SM', ']'] as const;
const close = listopsSymbols.indexOf(']');
const classes = 10;

const readings = {
  fpt: { longest: 512, vocabulary: close, text: withoutBrackets },
  lra: { longest: 2000, vocabulary: close + 1, text: (symbols: SampleValues) => symbols },
};
const lengthOf = (config: ExperimentConfig): number => config.n ?? readings[config.reading].longest;

export const listops: Task = {
  name: 'listops',
  title: 'ListOps',
  fields: ['n', 'reading', 'variant'],
  settings: [{ reading: 'fpt' }, { reading: 'lra' }],
  kind: 'symbols',
  metric: 'accuracy',
  dataset: 'listops',
  readsWholeBatches: true,

  shape(config) {
    return {
      tokens: lengthOf(config),
      width: 1,
      embedding: true,
      inputDim: readings[config.reading].vocabulary,
      outputDim: classes,
      target: [],
      targetType: 'int32',
      readsAt: config.variant === 'corrected',
    };
  },
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
  scores: () => classAccuracy(classes),
  floor: () => firstOperatorFloor,

  batches(config, dataset, options) {
    const { text } = readings[config.reading];
    const draw = drawSamples(dataset as Dataset, options);
    const corrected = config.variant === 'corrected';
    const padding = { lengths: [lengthOf(config)], pad: 0, read: corrected ? ('own' as const) : ('end' as const) };
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const { x, at } = padSequences(chosen.length, (i) => text(set.sample(chosen[i])), padding);
        const y = Int32Array.from(chosen, (number) => set.labels[number]);
        return corrected ? { x, y, at } : { x, y };
      },
    };
  },

  deviations: ({ variant }) => [
    {
      field: 'task',
      text: 'Evaluations use the validation file, as in the committed code. Generated expressions follow the rules of the Long Range Arena with our own seed. Symbols have fixed codes; in the committed code they change from run to run.',
    },
    ...(variant === 'reference'
      ? []
      : [
          {
            field: 'variant' as const,
            text: 'Each expression is read at its own last symbol. The committed code reads the last position, which is padding for shorter expressions.',
          },
        ]),
  ],
};

function withoutBrackets(symbols: SampleValues): SampleValues {
  return symbols.filter((symbol) => symbol !== close);
}
