/**
 * CYP3A4: does a molecule inhibit this enzyme? (dl-project; CYP3A4_Veith of the Therapeutics Data Commons.) The input is the
 * molecule's SMILES text in tokens of the ChemBERTa tokenizer: `<s>` = 0 … `</s>` = 2, padded with 1. As in dl-project,
 * padding is not masked.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { majorityFloor } from './floors.ts';
import { crossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { classAccuracy } from './scores.ts';
import { batchLengths, padSequences } from './sequences.ts';
import type { Dataset, Task } from './task.ts';

/** Number of rows of the embedding. All token ids are smaller. */
export const moleculeVocabulary = 1000;
const pad = 1;
const classes = 2;
const lengthsOf = ({ n }: ExperimentConfig): number[] => batchLengths(n ?? 512); // the longest SMILES has 402 characters

export const cyp3a4: Task = {
  name: 'cyp3a4',
  title: 'CYP3A4 inhibition',
  fields: ['n', 'variant'],
  settings: [{}],
  kind: 'symbols',
  classes: ['inactive', 'inhibitor'],
  metric: 'accuracy',
  dataset: 'cyp3a4',
  readsWholeBatches: true,

  shape(config) {
    const lengths = lengthsOf(config);
    return {
      tokens: lengths[lengths.length - 1],
      width: 1,
      embedding: true,
      inputDim: moleculeVocabulary,
      outputDim: classes,
      target: [],
      targetType: 'int32',
      lengths,
      readsAt: true,
    };
  },
  loss: () => (logits, y) => crossEntropy(tf.reshape(logits, [-1, classes]), y),
  scores: () => classAccuracy(classes),
  floor: (_, counts) => majorityFloor(counts),

  batches(config, dataset, options) {
    const lengths = lengthsOf(config);
    const read = config.variant === 'reference' ? 'batch' : 'own';
    const draw = drawSamples(dataset as Dataset, { ...options, inOrder: true });
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const sequences = padSequences(chosen.length, (i) => set.sample(chosen[i]), { lengths, pad, read });
        return { ...sequences, chosen, y: Int32Array.from(chosen, (molecule) => set.labels[molecule]) };
      },
    };
  },

  deviations: (config) => [
    {
      field: 'n',
      text: `Batches are padded to ${lengthsOf(config).join(', ')} tokens instead of the length of their longest molecule, so that few programs are compiled. This changes nothing for a causal body, which is read before the padding, but a ViT attends to it.`,
    },
    ...(config.variant === 'reference'
      ? []
      : [
          {
            field: 'variant' as const,
            text: 'Each molecule is read at its own last token. The committed code reads all molecules where the longest one of the batch ends, which is padding for the others.',
          },
        ]),
  ],
};
