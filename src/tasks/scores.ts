/** Scores: the metric of each sample, from flat arrays of logits and targets. A batch's metric is the mean of its scores. */
import type { Scorer, TaskData } from './task.ts';

export const scorer = (
  scores: (logits: Float32Array, y: TaskData, batch: number) => Float64Array,
  answer: Scorer['answer'],
): Scorer => Object.assign(scores, { answer });

/** Index of the largest of `width` values from `start` on; of equal values, the first. */
export function argmax(values: Float32Array, start: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}

const perSample = (batch: number, score: (sample: number) => number): Float64Array =>
  Float64Array.from({ length: batch }, (_, i) => score(i));

/** A scorer of the predicted class, which has the largest of k logits. */
const ofClass = (k: number, score: (found: number, y: number) => number): Scorer =>
  scorer(
    (logits, y, batch) => perSample(batch, (i) => score(argmax(logits, i * k, k), y[i])),
    (logits) => [argmax(logits, 0, k)],
  );

/** 1 if the largest of k logits belongs to the true class, else 0. */
export const classAccuracy = (k: number): Scorer => ofClass(k, (found, y) => Number(found === y));

/** Distance between the class with the largest of k logits and the true class. */
export const classDistance = (k: number): Scorer => ofClass(k, (found, y) => Math.abs(found - y));

/** |out − y|. */
export const absoluteError: Scorer = scorer(
  (logits, y, batch) => perSample(batch, (i) => Math.abs(logits[i] - y[i])),
  (logits) => [logits[0]],
);

/** Share of a sample's n bits for which `predict(logits, bit)` equals the target. */
export const bitAccuracy = (n: number, predict: (logits: Float32Array, bit: number) => number): Scorer =>
  scorer(
    (logits, y, batch) =>
      perSample(batch, (i) => {
        let right = 0;
        for (let bit = i * n; bit < (i + 1) * n; bit++) right += Number(predict(logits, bit) === y[bit]);
        return right / n;
      }),
    (logits) => Array.from({ length: n }, (_, bit) => predict(logits, bit)),
  );
