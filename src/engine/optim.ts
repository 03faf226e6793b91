/** Optimizers, clipping and schedules as `{init, update}`: pure functions of tensors, so they become part of the step's graph. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs'; // registers the gradients; tfjs-core alone has none in Node
import type { Spec, Tensors } from './program.ts';
import type { Initial } from './state.ts';

export interface Optimizer {
  /** Slots for parameters of the given shapes. */
  init(parameters: Record<string, Spec>): Record<string, Initial>;
  /**
   * New parameters and slots from gradients times the scalar `scale` (the clipping factor).
   * Parameters without a gradient, and their slots, stay.
   */
  update(parameters: Tensors, gradients: Tensors, slots: Tensors, rate: tf.Tensor, scale: tf.Tensor): Tensors;
}

const zeros = (shape: number[]): Initial => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

/** Adam as torch.optim.Adam computes it (arXiv 1412.6980): no weight decay, ε outside the bias-corrected root. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): Optimizer {
  return {
    init(parameters) {
      const slots: Record<string, Initial> = { 'adam/correction1': zeros([]), 'adam/correction2': zeros([]) };
      for (const [name, { shape }] of Object.entries(parameters)) {
        slots[`adam/m/${name}`] = zeros(shape);
        slots[`adam/v/${name}`] = zeros(shape);
      }
      return slots;
    },
    update(parameters, gradients, slots, rate, scale) {
      // 1 − βᵗ by recurrence: exact near 0, where 1 − pow(β, t) loses its digits
      const correct = (slot: string, beta: number) => tf.add(tf.mul(slots[slot], beta), 1 - beta);
      const correction1 = correct('adam/correction1', beta1);
      const correction2 = correct('adam/correction2', beta2);
      const next: Tensors = { 'adam/correction1': correction1, 'adam/correction2': correction2 };
      const step = tf.div(rate, correction1);
      const root = tf.sqrt(correction2);
      const [weight1, weight2] = [tf.mul(scale, 1 - beta1), tf.mul(tf.square(scale), 1 - beta2)];
      for (const [name, gradient] of Object.entries(gradients)) {
        const m = tf.add(tf.mul(slots[`adam/m/${name}`], beta1), tf.mul(gradient, weight1));
        const v = tf.add(tf.mul(slots[`adam/v/${name}`], beta2), tf.mul(tf.square(gradient), weight2));
        next[`adam/m/${name}`] = m;
        next[`adam/v/${name}`] = v;
        next[name] = tf.sub(parameters[name], tf.mul(tf.div(m, tf.add(tf.div(tf.sqrt(v), root), epsilon)), step));
      }
      return next;
    },
  };
}

/** Plain gradient descent. */
export function sgd(): Optimizer {
  return {
    init: () => ({}),
    update(parameters, gradients, _, rate, scale) {
      const step = tf.mul(rate, scale);
      return Object.fromEntries(
        Object.entries(gradients).map(([name, g]) => [name, tf.sub(parameters[name], tf.mul(g, step))]),
      );
    },
  };
}

export const optimizers: Record<'adam' | 'sgd', () => Optimizer> = { adam, sgd };

/** Global L2 norm of the gradients and the factor that brings it to at most `limit`, as torch.nn.utils.clip_grad_norm_. */
export function clipFactor(gradients: Tensors, limit: number): { norm: tf.Tensor; scale: tf.Tensor } {
  const squares = Object.values(gradients).map((g) => tf.sum(tf.square(g)));
  const norm = tf.sqrt(tf.addN(squares));
  return { norm, scale: tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1) };
}

export interface Schedule {
  init(): Record<string, Initial>;
  /** The factor on the learning rate at this step, and the schedule's new state. */
  update(state: Tensors): { factor: tf.Tensor; state: Tensors };
}

/** The same rate at every step. */
export const constant = (): Schedule => ({ init: () => ({}), update: () => ({ factor: tf.scalar(1), state: {} }) });

/** Linear rise over `warmup` steps to 1, then `after` of the share of the remaining steps that is done. */
function warmed(warmup: number, total: number, after: (done: tf.Tensor) => tf.Tensor): Schedule {
  const name = 'schedule/step';
  return {
    init: () => ({ [name]: zeros([]) }),
    update(state) {
      const step = tf.add(state[name], 1);
      const rise = tf.minimum(tf.div(step, Math.max(warmup, 1)), 1);
      const done = tf.clipByValue(tf.div(tf.sub(step, warmup), Math.max(total - warmup, 1)), 0, 1);
      return { factor: tf.minimum(rise, after(done)), state: { [name]: step } };
    },
  };
}

/** Linear rise over `warmup` steps to 1, then half a cosine down to 0 at step `total`. */
export const warmupCosine = (warmup: number, total: number): Schedule =>
  warmed(warmup, total, (done) => tf.mul(tf.add(tf.cos(tf.mul(done, Math.PI)), 1), 0.5));

/** Schedules by name, for so many steps of warm-up and so many in all. */
export const schedules: Record<'constant' | 'cosine', (warmup: number, total: number) => Schedule> = {
  constant: (warmup, total) => (warmup === 0 ? constant() : warmed(warmup, total, tf.onesLike)),
  cosine: warmupCosine,
};

/**
 * Value of a scalar function of named tensors and its gradients by name.
 * A tensor that the value does not depend on has no entry: nobody should move it.
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
