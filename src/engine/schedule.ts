/** Schedules of the learning rate, computed inside the step's graph. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensors } from './program.ts';
import type { Initial } from './state.ts';

export interface Schedule {
  init(): Record<string, Initial>;
  /** The learning rate of this step, and the schedule's new state. */
  update(state: Tensors): { lr: tf.Tensor; state: Tensors };
}

/** The same rate at every step. */
export const constant = (lr: number): Schedule => ({
  init: () => ({}),
  update: () => ({ lr: tf.scalar(lr), state: {} }),
});

/** `lr` times a factor: it rises linearly to 1 over `warmup` steps, then is `after(done)`, where `done` is the share of the remaining steps. */
function warmed(lr: number, warmup: number, total: number, after: (done: tf.Tensor) => tf.Tensor): Schedule {
  const name = 'schedule/step';
  return {
    init: () => ({ [name]: { shape: [], data: new Float32Array(1) } }),
    update(state) {
      const step = tf.add(state[name], 1);
      const rise = tf.minimum(tf.div(step, Math.max(warmup, 1)), 1);
      const done = tf.clipByValue(tf.div(tf.sub(step, warmup), Math.max(total - warmup, 1)), 0, 1);
      return { lr: tf.mul(tf.minimum(rise, after(done)), lr), state: { [name]: step } };
    },
  };
}

/** Rises linearly to `lr` over `warmup` steps, then falls along half a cosine to 0 at step `total`. */
export const warmupCosine = (lr: number, warmup: number, total: number): Schedule =>
  warmed(lr, warmup, total, (done) => tf.mul(tf.add(tf.cos(tf.mul(done, Math.PI)), 1), 0.5));

/** Schedules by name: functions of the largest rate, the number of warm-up steps and the number of all steps. */
export const schedules: Record<'constant' | 'cosine', (lr: number, warmup: number, total: number) => Schedule> = {
  constant: (lr, warmup, total) => (warmup === 0 ? constant(lr) : warmed(lr, warmup, total, tf.onesLike)),
  cosine: warmupCosine,
};
