/**
 * The neural accumulator on MNIST addition (Trask et al., arXiv 1808.00508, section 4.2). A small CNN turns every image
 * into a number, and a recurrent cell h ← W·[x, h] adds the numbers up, where W = tanh(Ŵ)·σ(M̂) tends to −1, 0 or 1.
 * Details that the paper does not state follow its re-implementation AndreasMadsen/stable-nalu: the CNN and pixel
 * normalisation are those of PyTorch's MNIST example, and Ŵ and M̂ start uniform. Weights are [out, in] and
 * [out, in, height, width], as in torch.
 *
 * The loss is the error of the whole sum, as the task defines it. stable-nalu trains on every partial sum.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { linear } from '#engine/nn';
import type { Tensors } from '#engine/program';
import { initialize } from './initialize.ts';
import { type Initializer, type Model, type ModelShape, refuseSettings, type Shapes } from './model.ts';

const side = 28;
const [mean, deviation] = [0.1307, 0.3081]; // of MNIST's pixels

const parameters: Shapes = {
  'conv1.weight': [20, 1, 5, 5],
  'conv1.bias': [20],
  'conv2.weight': [50, 20, 5, 5],
  'conv2.bias': [50],
  'fc1.weight': [500, 800],
  'fc1.bias': [500],
  'fc2.weight': [1, 500],
  'fc2.bias': [1],
  'nac.W_hat': [1, 2],
  'nac.M_hat': [1, 2],
};
/** Number of inputs of each output, by layer. */
const fanIn: Record<string, number> = { conv1: 25, conv2: 500, fc1: 800, fc2: 500 };

/** Variance of tanh(u)·σ(v), where u and v are independent draws from U(−r, r). */
const variance = (r: number): number => ((1 - Math.tanh(r) / r) * (r - Math.tanh(r / 2))) / (2 * r);

/** The r with Glorot's variance 2 / operands. The variance is always below ½, so fewer than five operands count as five. */
function nacRange(operands: number): number {
  let [low, high] = [1e-6, 10];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (variance(middle) < 2 / Math.max(operands, 5)) low = middle;
    else high = middle;
  }
  return low;
}

function initial(name: string): Initializer {
  const [layer] = name.split('.');
  return { uniform: layer === 'nac' ? nacRange(3) : 1 / Math.sqrt(fanIn[layer]) };
}

/** images [m, 784] in [0, 1] → their numbers [m, 1]. */
function numbers(p: Tensors, images: tf.Tensor): tf.Tensor {
  const pixels = tf.div(tf.sub(images, mean), deviation);
  let x = tf.reshape(pixels, [-1, side, side, 1]) as tf.Tensor4D; // [m, h, w, c]
  for (const layer of ['conv1', 'conv2']) {
    const filter = tf.transpose(p[`${layer}.weight`], [2, 3, 1, 0]) as tf.Tensor4D; // [out, in, h, w] → [h, w, in, out]
    x = tf.maxPool(tf.relu(tf.add(tf.conv2d(x, filter, 1, 'valid'), p[`${layer}.bias`])), 2, 2, 'valid');
  }
  const flat = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, 800]); // torch flattens channels first
  const hidden = tf.relu(linear(flat, p['fc1.weight'], p['fc1.bias'], true));
  return linear(hidden, p['fc2.weight'], p['fc2.bias'], true);
}

/** x [b, n, 784] → the sum of n numbers, [b, 1, 1]. */
function forward(p: Tensors, x: tf.Tensor): tf.Tensor {
  const [b, n, pixels] = x.shape as [number, number, number];
  const terms = tf.reshape(numbers(p, tf.reshape(x, [b * n, pixels])), [b, n]);
  const w = tf.mul(tf.tanh(p['nac.W_hat']), tf.sigmoid(p['nac.M_hat'])); // [1, 2]
  const [take, keep] = tf.split(w, 2, 1);
  let sum: tf.Tensor = tf.zeros([b, 1]);
  for (const term of tf.split(terms, n, 1)) sum = tf.add(tf.mul(term, take), tf.mul(sum, keep));
  return tf.reshape(sum, [b, 1, 1]);
}

/** Builds the model for a task that maps whole MNIST images to one number. Throws `config` for any other task. */
export function buildNac(config: ExperimentConfig, { embedding, width, outputDim }: ModelShape): Model {
  if (embedding || width !== side * side || outputDim !== 1) {
    throw new PermafrostError(
      'config',
      `model_name: nac needs whole MNIST images and predicts their sum; ${config.task} differs. Choose the task mnist-add-reg.`,
    );
  }
  if (config.pretrained)
    throw new PermafrostError('config', 'pretrained: nac has no published weights. Set pretrained to false.');
  refuseSettings(config, []);
  for (const flag of ['freeze_trans', 'freeze_in', 'freeze_out'] as const) {
    if (config[flag]) throw new PermafrostError('config', `${flag}: all of nac is trained. Set ${flag} to false.`);
  }
  return {
    parameters,
    bodyConfig: {},
    kept: (images) => images * 3 * (20 * 24 * 24 + 50 * 8 * 8), // for each convolution: its output, the ReLU of it, and the input of the pooling
    isTrainable: () => true,
    freezeFlag: () => null,
    isUsed: () => true,
    isLoaded: () => false,
    fromCheckpoint: () => new Map(),
    initialValue: (name, seed) => initialize(initial(name), parameters[name], seed, name),
    forward,
  };
}
