/**
 * Work on the tokens of sequences of different lengths without their padding. The tokens of a batch, [b·t, …] with padding, become
 * [n, …] rows for products, norms and feed-forward layers, and are padded again where a row reads others, as in attention.
 */
import * as tf from '@tensorflow/tfjs-core';
import { literal } from './nn.ts';

export interface Unpadding {
  /** Tokens [b·t, …] → the rows that are computed, [n, …]. */
  unpad(tokens: tf.Tensor): tf.Tensor;
  /** Rows [n, …] → tokens [b·t, …]. Tokens that are not computed are 0. */
  pad(rows: tf.Tensor): tf.Tensor;
}

/** `computed` [n] are the distinct indices of the computed tokens among `total`; without it, all are computed. */
export function unpadding(computed: tf.Tensor | undefined, total: number): Unpadding {
  if (!computed) return { unpad: (tokens) => tokens, pad: (rows) => rows };
  const n = computed.size;
  const numbers = literal(
    Float32Array.from({ length: n }, (_, i) => i + 1),
    [n],
  );
  const rowOf = tf.cast(tf.unsortedSegmentSum(numbers, computed as tf.Tensor1D, total), 'int32'); // [b·t], from 1; 0 without a row
  const take = (tokens: tf.Tensor, [computed]: tf.Tensor[]) => tf.gather(tokens, computed);
  const spread = (rows: tf.Tensor, [, rowOf]: tf.Tensor[]) =>
    tf.gather(tf.concat([tf.zeros([1, ...rows.shape.slice(1)], rows.dtype), rows]), rowOf);
  /** Each is the gradient of the other, so neither has to add rows up. */
  const withGradient = (value: typeof take, gradient: typeof take) =>
    tf.customGrad((x, save) => {
      (save as tf.GradSaveFunc)([computed, rowOf]);
      return { value: value(x as tf.Tensor, [computed, rowOf]), gradFunc: gradient };
    }) as (x: tf.Tensor) => tf.Tensor;
  return { unpad: withGradient(take, spread), pad: withGradient(spread, take) };
}
