/**
 * CYP3A4 for the Molecule Attention Transformer. A molecule consists of heavy atoms with bonds and coordinates, and each atom
 * is a token. The first token is a dummy without bonds, far away from all atoms.
 */
import * as tf from '@tensorflow/tfjs-core';
import { cyp3a4 } from './cyp3a4.ts';
import { binaryCrossEntropy } from './losses.ts';
import { drawSamples } from './samples.ts';
import { scorer } from './scores.ts';
import { computedTokens } from './sequences.ts';
import type { Dataset, SampleValues, Task } from './task.ts';

/** Most bonds of an atom. In drugs, an atom has at most six. */
export const mostNeighbours = 8;
/**
 * Number of values of an atom in the data set: element, number of neighbours, number of hydrogens, charge, in a ring, aromatic;
 * x, y, z in Å; indices of neighbours, from 1, with 0 for none.
 */
export const atomWidth = 6 + 3 + mostNeighbours;

const elements = [5, 6, 7, 8, 9, 15, 16, 17, 35, 53]; // and any other
const symbols = ['B', 'C', 'N', 'O', 'F', 'P', 'S', 'Cl', 'Br', 'I', 'other'];
const oneHots = [elements.length + 1, 6, 5, 11];
/** Number of features of a token: whether it is the dummy, the one-hot vectors, in a ring, aromatic. */
const graphFeatures = 1 + oneHots.reduce((a, b) => a + b) + 2;
/** Number of values of a token: features; x, y, z; neighbours. */
const graphWidth = graphFeatures + 3 + mostNeighbours;
/**
 * The lengths that molecules are cut and padded to, and the mean lengths of a batch. Padding costs time in attention alone, so few
 * lengths are enough: on molecules of 26 tokens a step with 64 takes as long as one with 48. The mean decides the rest; in batches
 * of 16 it is 26 ± 2.
 */
function lengthsOf(n: number | null): { lengths: number[]; meanLengths: number[] } {
  const longest = n ?? 128;
  const upTo = (lengths: number[]) => [...lengths.filter((length) => length < longest), longest];
  return { lengths: upTo([64]), meanLengths: upTo([28, 32, 48, 64, 96]) };
}
const mostAtoms = (n: number | null): number => lengthsOf(n).lengths.at(-1)! - 1;

/** Writes an atom's token. As in the reference, a value out of range sets the last element of its one-hot vector. */
function writeAtom(atom: SampleValues, token: Float32Array): void {
  const [z, neighbours, hydrogens, charge, ring, aromatic] = atom;
  const element = elements.indexOf(z);
  const kinds = [element < 0 ? elements.length : element, neighbours, hydrogens, charge + 5];
  let start = 1;
  for (const [k, size] of oneHots.entries()) {
    const last = size - 1;
    token[start + (kinds[k] >= 0 && kinds[k] <= last ? kinds[k] : last)] = 1;
    start += size;
  }
  token.set([ring, aromatic], start);
  token.set(atom.subarray(6), graphFeatures);
}

export const cyp3a4Graph: Task = {
  ...cyp3a4,
  name: 'cyp3a4-graph',
  title: 'CYP3A4 inhibition, molecules in space',
  fields: ['n'],
  kind: 'values',
  dataset: 'cyp3a4-graph',
  tokenName: (values) => (values[0] ? 'dummy' : (symbols[values.indexOf(1) - 1] ?? 'padding')),

  shape({ n }) {
    return {
      ...{ tokens: mostAtoms(n) + 1, width: graphWidth, embedding: false, inputDim: graphWidth },
      ...{ outputDim: 1, target: [], targetType: 'int32', ...lengthsOf(n) },
    };
  },
  loss: () => (logits, y) => binaryCrossEntropy(tf.reshape(logits, [-1]), y),
  scores: () =>
    scorer(
      (logits, y, batch) => Float64Array.from({ length: batch }, (_, i) => Number(Number(logits[i] > 0) === y[i])),
      ([logit]) => [Number(logit > 0)],
    ),

  batches({ n }, dataset, options) {
    const { lengths, meanLengths } = lengthsOf(n);
    const draw = drawSamples(dataset as Dataset, { ...options, inOrder: true });
    return {
      batch(split, index) {
        const { set, chosen } = draw(split, index);
        const sizes = Array.from(chosen, (molecule) => Math.min(mostAtoms(n), set.sample(molecule).length / atomWidth));
        const tokens = lengths.find((length) => length > Math.max(...sizes))!;
        const x = new Float32Array(chosen.length * tokens * graphWidth);
        for (const [i, atoms] of sizes.entries()) {
          const values = set.sample(chosen[i]);
          const token = (t: number) => x.subarray((i * tokens + t) * graphWidth, (i * tokens + t + 1) * graphWidth);
          token(0)[0] = 1;
          for (let a = 0; a < atoms; a++) writeAtom(values.subarray(a * atomWidth, (a + 1) * atomWidth), token(a + 1));
        }
        const computed = computedTokens(
          sizes.map((atoms) => atoms + 1),
          tokens,
          meanLengths,
        );
        return { x, tokens, computed, chosen, y: Int32Array.from(chosen, (molecule) => set.labels[molecule]) };
      },
    };
  },

  deviations: ({ n }) => [
    {
      field: 'task',
      text: 'Distances come from one conformer with a fixed seed, relaxed in MMFF94s. The published runs use an unseeded RDKit conformer relaxed in UFF. In both, molecules without a conformer are flat.',
    },
    { field: 'n', text: `Molecules are cut to ${mostAtoms(n)} heavy atoms.` },
  ],
};
