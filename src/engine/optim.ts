/**
 * Optimizers as chains of gradient transforms, like optax: `chain(clipByGlobalNorm(1), adam({ lr }))`. A transform is a pure
 * function of tensors, so it becomes part of the step's graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import { mapValues } from './mapValues.ts';
import type { Spec, Tensors } from './program.ts';
import { constant, type Schedule } from './schedule.ts';
import type { Initial } from './state.ts';

/**
 * Gradients or updates by parameter, and a scalar that multiplies them all. Clipping and learning rates change the scalar and
 * need no pass over the tensors.
 */
export interface Updates {
  tensors: Tensors;
  scale: tf.Tensor;
}

export interface GradientTransform {
  /** Initial state for parameters of the given shapes. */
  init(params: Record<string, Spec>): Record<string, Initial>;
  /**
   * Computes updates from gradients, and the new state. `state` may also contain values of other transforms. Parameters without
   * a gradient get no update.
   */
  update(gradients: Updates, state: Tensors, params: Tensors): { updates: Updates; state: Tensors };
}

/** A transform that applies several transforms one after the other. */
export const chain = (...transforms: GradientTransform[]): GradientTransform => ({
  init: (params) => Object.assign({}, ...transforms.map((transform) => transform.init(params))),
  update(gradients, state, params) {
    let updates = gradients;
    const changed: Tensors = {};
    for (const transform of transforms) {
      const made = transform.update(updates, state, params);
      updates = made.updates;
      Object.assign(changed, made.state);
    }
    return { updates, state: changed };
  },
});

/** Wraps gradients, which are to be multiplied by `scale`, as the input of a transform. */
export const asUpdates = (tensors: Tensors, scale = 1): Updates => ({ tensors, scale: tf.scalar(scale) });

/** Subtracts updates from parameters. The result contains only parameters that have an update. */
export const applyUpdates = (params: Tensors, { tensors, scale }: Updates): Tensors =>
  mapValues(tensors, (update, name) => tf.sub(params[name], tf.mul(update, scale)));

/** L2 norm of all gradients together. */
export const globalNorm = ({ tensors, scale }: Updates): tf.Tensor =>
  tf.mul(tf.sqrt(tf.addN(Object.values(tensors).map((g) => tf.sum(tf.square(g))))), scale);

/** Scales gradients down to a global norm of `limit` if they exceed it, like torch.nn.utils.clip_grad_norm_. */
export const clipByGlobalNorm = (limit: number): GradientTransform => ({
  init: () => ({}),
  update(gradients) {
    const factor = tf.minimum(tf.div(limit, tf.add(globalNorm(gradients), 1e-6)), 1);
    return { updates: { tensors: gradients.tensors, scale: tf.mul(gradients.scale, factor) }, state: {} };
  },
});

const scheduleOf = (lr: number | Schedule): Schedule => (typeof lr === 'number' ? constant(lr) : lr);
const zeros = (shape: number[]): Initial => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

/** Adam (arXiv 1412.6980) like torch.optim.Adam: no weight decay, and ε is added after the bias-corrected root. */
export function adam(options: {
  lr: number | Schedule;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}): GradientTransform {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const schedule = scheduleOf(options.lr);
  return {
    init(params) {
      const slots: Record<string, Initial> = { 'adam/correction1': zeros([]), 'adam/correction2': zeros([]) };
      for (const [name, { shape }] of Object.entries(params)) {
        slots[`adam/m/${name}`] = zeros(shape);
        slots[`adam/v/${name}`] = zeros(shape);
      }
      return { ...slots, ...schedule.init() };
    },
    update({ tensors, scale }, state) {
      const { lr, state: scheduled } = schedule.update(state);
      // 1 − βᵗ by recurrence, which is exact near 0, where 1 − pow(β, t) loses digits
      const correct = (slot: string, beta: number) => tf.add(tf.mul(state[slot], beta), 1 - beta);
      const correction1 = correct('adam/correction1', beta1);
      const correction2 = correct('adam/correction2', beta2);
      const changed: Tensors = { ...scheduled, 'adam/correction1': correction1, 'adam/correction2': correction2 };
      // m/(√v/r + ε) = r·m/(√v + r·ε): only scalars are multiplied by r
      const root = tf.sqrt(correction2);
      const margin = tf.mul(root, epsilon);
      const [weight1, weight2] = [tf.mul(scale, 1 - beta1), tf.mul(tf.square(scale), 1 - beta2)];
      const directions = mapValues(tensors, (gradient, name) => {
        const m = tf.add(tf.mul(state[`adam/m/${name}`], beta1), tf.mul(gradient, weight1));
        const v = tf.add(tf.mul(state[`adam/v/${name}`], beta2), tf.mul(tf.square(gradient), weight2));
        changed[`adam/m/${name}`] = m;
        changed[`adam/v/${name}`] = v;
        return tf.div(m, tf.add(tf.sqrt(v), margin));
      });
      return { updates: { tensors: directions, scale: tf.div(tf.mul(lr, root), correction1) }, state: changed };
    },
  };
}

/** Plain gradient descent. */
export function sgd(options: { lr: number | Schedule }): GradientTransform {
  const schedule = scheduleOf(options.lr);
  return {
    init: () => schedule.init(),
    update({ tensors, scale }, state) {
      const { lr, state: scheduled } = schedule.update(state);
      return { updates: { tensors, scale: tf.mul(lr, scale) }, state: scheduled };
    },
  };
}

/** Optimizers by name. */
export const optimizers: Record<'adam' | 'sgd', (options: { lr: Schedule }) => GradientTransform> = { adam, sgd };
