/** Automatic differentiation of a program. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs'; // registers the gradients; tfjs-core alone has none in Node
import type { Tensors } from './program.ts';

/**
 * Computes a scalar function of named tensors and its gradients by name.
 * Tensors that the value does not depend on have no gradient, so that the optimizer leaves them alone.
 */
export function valueAndGradients(
  f: (at: Tensors) => tf.Tensor,
  at: Tensors,
): { value: tf.Tensor; gradients: Tensors } {
  const names = Object.keys(at);
  const tensors = names.map((name) => at[name]);
  const { value, grads } = tf.engine().gradients(() => f(at) as tf.Scalar, tensors, undefined, true);
  const gradients: Tensors = {};
  names.forEach((name, i) => {
    if (grads[i] != null) gradients[name] = grads[i];
  });
  return { value, gradients };
}
