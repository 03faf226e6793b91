/**
 * Layers that tfjs lacks or computes slowly: layer normalisation and both GELUs with their gradients, and dropout.
 * Each uses a fused kernel if the active backend has one and is composed of tfjs operations otherwise, so a model runs on
 * any device.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Noise } from './program.ts';

const has = (kernel: string): boolean => tf.getKernel(kernel, tf.getBackend()) != null;
const run = <T extends tf.Tensor | tf.Tensor[]>(
  kernel: string,
  inputs: Record<string, tf.Tensor>,
  attributes: object,
): T => tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as T;

/** A constant tensor. Traced programs use it for constants with more than a few elements, such as masks. */
export function literal(data: Float32Array | Int32Array, shape: number[]): tf.Tensor {
  const dtype = data instanceof Float32Array ? 'float32' : 'int32';
  return has('Literal') ? run('Literal', {}, { data, shape, dtype }) : tf.tensor(data, shape, dtype);
}

/** x [..., i], weight [i, o] (or [o, i] when `transposed`, as torch's nn.Linear keeps it), bias [o] → [..., o]. */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, transposed = false): tf.Tensor {
  const flat = tf.reshape(x, [-1, x.shape.at(-1)!]);
  const y = tf.add(tf.matMul(flat, weight, false, transposed), bias);
  return tf.reshape(y, [...x.shape.slice(0, -1), bias.shape[0]]);
}

/** Layer normalisation over the last axis of x [..., d] with gamma, beta [d]. */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  const op = tf.customGrad((x, gamma, beta, save) => {
    const [xs, gammas, betas] = [x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor];
    const [y, mean, inverse] = has('LayerNorm')
      ? run<tf.Tensor[]>('LayerNorm', { x: xs, gamma: gammas, beta: betas }, { epsilon })
      : composedLayerNorm(xs, gammas, betas, epsilon);
    (save as tf.GradSaveFunc)([xs, mean, inverse, gammas]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, mean, inverse, gamma] = saved;
      const normal = tf.mul(tf.sub(x, mean), inverse);
      const scaled = tf.mul(dy, normal);
      const rows = x.shape.slice(0, -1).map((_, i) => i);
      // dx = (dy·γ − mean(dy·γ) − x̂·mean(dy·γ·x̂)) / σ
      const centred = tf.sub(tf.mul(dy, gamma), rowMean(dy, gamma));
      const dx = tf.mul(tf.sub(centred, tf.mul(normal, rowMean(scaled, gamma))), inverse);
      return [dx, tf.sum(scaled, rows), tf.sum(dy, rows)];
    };
    return { value: y, gradFunc };
  });
  return op(x, gamma, beta);
}

/** Mean over the last axis of x·w, [..., 1], as a matrix-vector product, which needs no full-size temporary. */
function rowMean(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const d = w.shape[0];
  const means = tf.matMul(tf.reshape(x, [-1, d]), tf.reshape(tf.mul(w, 1 / d), [d, 1]));
  return tf.reshape(means, [...x.shape.slice(0, -1), 1]);
}

function composedLayerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor[] {
  const mean = tf.mean(x, -1, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return [tf.add(tf.mul(tf.mul(centred, inverse), gamma), beta), mean, inverse];
}

/** Constants of the tanh form: gelu(x) = x·σ(2z) with 2z = x·(a + b·x²). */
const a = 2 * Math.sqrt(2 / Math.PI);
const b = 0.044715 * a;

/** GELU in its tanh form, which GPT-2 calls `gelu_new`. */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((x, save) => {
    const input = x as tf.Tensor;
    const y = has('GeluTanh')
      ? run<tf.Tensor>('GeluTanh', { x: input }, {})
      : tf.mul(input, tf.sigmoid(tf.mul(input, tf.add(tf.mul(tf.square(input), b), a))));
    (save as tf.GradSaveFunc)([input]);
    const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => {
      // y' = s + x·s·(1 − s)·(a + 3b·x²) with s = σ(2z); the product that gave dy multiplies it by 3
      const square = tf.mul(tf.square(x), b);
      const s = tf.sigmoid(tf.mul(x, tf.add(square, a)));
      const third = tf.mul(x, tf.add(square, a / 3));
      return tf.mul(tf.mul(dy, 3), tf.mul(s, tf.add(tf.mul(tf.sub(1, s), third), 1 / 3)));
    };
    return { value: y, gradFunc };
  });
  return op(x);
}

/** GELU in its exact form, x·Φ(x), which ViT uses. */
export function geluErf(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((x, save) => {
    const input = x as tf.Tensor;
    const y = has('GeluErf') ? run<tf.Tensor>('GeluErf', { x: input }, {}) : tf.mul(input, normalCdf(input));
    (save as tf.GradSaveFunc)([input]);
    const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.mul(dy, tf.add(normalCdf(x), tf.mul(x, density)));
    };
    return { value: y, gradFunc };
  });
  return op(x);
}
const normalCdf = (x: tf.Tensor): tf.Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);

/**
 * Dropout zeroes every element with probability `rate` and divides the others by 1 − rate; without noise it changes nothing.
 * Every row and every column has a random word; their product mod 2³² (multiplicative hashing) decides about an element. A mask
 * of m × n elements takes m + n words and one integer product per element, and is the same on every device.
 */
export function dropout(x: tf.Tensor, rate: number, noise: Noise | null): tf.Tensor {
  if (!noise || rate === 0) return x;
  const columns = x.shape.at(-1)!;
  const rows = x.size / columns;
  const mask = keepMask(noise.words(rows), noise.words(columns), rate);
  const keep = tf.mul(tf.reshape(mask, x.shape), 1 / (1 - rate));
  return tf.mul(x, keep);
}

function keepMask(rows: tf.Tensor, columns: tf.Tensor, rate: number): tf.Tensor {
  const threshold = Math.round(rate * 2 ** 32) - 2 ** 31;
  const [m, n] = [rows.size, columns.size];
  if (has('KeepMask')) {
    return run('KeepMask', { rows: tf.reshape(rows, [m, 1]), columns: tf.reshape(columns, [1, n]) }, { threshold });
  }
  const [r, c] = [rows.dataSync(), columns.dataSync()];
  const mask = new Float32Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) mask[i * n + j] = Math.imul(r[i], c[j]) >= threshold ? 1 : 0;
  return tf.tensor2d(mask, [m, n]);
}
