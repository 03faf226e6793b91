/** Scaled dot-product attention. Tensors are sequence first: [t, b, d]. */
import * as tf from '@tensorflow/tfjs-core';
import { dropout } from '#engine/nn';
import type { Noise } from '#engine/program';

interface AttentionOptions {
  heads: number;
  /** [rows, t], added to the scores: 0 where a token may attend. Null if tokens may attend everywhere. */
  mask: tf.Tensor | null;
  /** Dropout rate of the attention weights. */
  rate: number;
  noise: Noise | null;
  /** Receives the weights [b, h, rows, t] after dropout. */
  watch?(weights: tf.Tensor): void;
}

/** query [rows, b, d], key and value [t, b, d] → [rows, b, d]. The matrix products read heads in place from [t, b, h, c]. */
export function attend(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const [rows, b, d] = query.shape;
  const { heads, mask, rate, noise, watch } = options;
  const c = d! / heads;
  const byHead = (x: tf.Tensor) => tf.transpose(tf.reshape(x, [x.shape[0], b, heads, c]), [1, 2, 0, 3]); // [t, b, d] → [b, h, t, c]
  let scores = tf.mul(tf.matMul(byHead(query), byHead(key), false, true), 1 / Math.sqrt(c)); // [b, h, rows, t]
  if (mask) scores = tf.add(scores, mask);
  const weights = dropout(tf.softmax(scores), rate, noise);
  watch?.(weights);
  const mixed = tf.transpose(tf.matMul(weights, byHead(value)), [2, 0, 1, 3]); // → [rows, b, h, c]
  return tf.reshape(mixed, [rows, b, d!]);
}
