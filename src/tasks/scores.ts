/** Metrics per sample, from logits and targets as flat arrays. A batch's metric is the mean of its scores. */
import type { TaskData } from './task.ts';

/** Index of the largest of `width` values from `start`; the first of equals. */
export function argmax(values: Float32Array, start: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (values[start + i] > values[start + best]) best = i;
  return best;
}

const perSample = (batch: number, score: (sample: number) => number): Float64Array =>
  Float64Array.from({ length: batch }, (_, i) => score(i));

/** 1 where the largest of k logits is the class. */
export const classAccuracy = (k: number) => (logits: Float32Array, y: TaskData, batch: number) =>
  perSample(batch, (i) => Number(argmax(logits, i * k, k) === y[i]));

/** Distance between the largest of k logits and the class. */
export const classDistance = (k: number) => (logits: Float32Array, y: TaskData, batch: number) =>
  perSample(batch, (i) => Math.abs(argmax(logits, i * k, k) - y[i]));

/** |out − y|. */
export const absoluteError = (logits: Float32Array, y: TaskData, batch: number) =>
  perSample(batch, (i) => Math.abs(logits[i] - y[i]));

/** Share of a sample's n bits for which `predict(logits, bit)` equals the target. */
export const bitAccuracy =
  (n: number, predict: (logits: Float32Array, bit: number) => number) =>
  (logits: Float32Array, y: TaskData, batch: number) =>
    perSample(batch, (i) => {
      let right = 0;
      for (let bit = i * n; bit < (i + 1) * n; bit++) right += Number(predict(logits, bit) === y[bit]);
      return right / n;
    });
