/**
 * The Molecule Attention Transformer (Maziarka et al., arXiv 2002.08264). Its attention is a weighted sum of the usual softmax,
 * e^−distance, and the bonds. Sizes are those of the published fine-tuning, names are those of its code (ardigen/MAT), and
 * weights are [out, in] as in torch. Its pretrained weights are on a private drive, so it starts at random.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { dropout, linear, literal } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { unpadding } from '#engine/unpadding';
import type { FreezeRules, Initializer, Model, ModelShape, Probe, Shapes, TokenIndices } from './model.ts';
import { type NetworkSizes, resize, wholeNetwork } from './wholeNetwork.ts';

interface MatConfig extends NetworkSizes {
  /** Features of an atom, including the one that marks the dummy. */
  features: number;
  /** Most tokens of a molecule, including the dummy. */
  tokens: number;
}

export const matConfig: MatConfig = { n_layer: 8, n_embd: 1024, n_head: 16, dropout: 0, features: 36, tokens: 128 };
/** Weights of softmax, distances and bonds in the attention. */
const lambda = { attention: 0.33, distance: 0.33, bonds: 0.34 };
const slope = 0.1; // of the leaky ReLU
const epsilon = 1e-6;

function parameters({ n_layer, n_embd: d, features }: MatConfig): Shapes {
  const shapes: Shapes = {};
  const add = (name: string, out: number, from: number) => {
    shapes[`${name}.weight`] = [out, from];
    shapes[`${name}.bias`] = [out];
  };
  const norm = (name: string) => {
    shapes[`${name}.a_2`] = [d];
    shapes[`${name}.b_2`] = [d];
  };
  for (let i = 0; i < n_layer; i++) {
    const layer = `encoder.layers.${i}`;
    for (let k = 0; k < 4; k++) add(`${layer}.self_attn.linears.${k}`, d, d);
    add(`${layer}.feed_forward.linears.0`, d, d);
    for (let k = 0; k < 2; k++) norm(`${layer}.sublayer.${k}.norm`);
  }
  norm('encoder.norm');
  add('src_embed.lut', d, features);
  add('generator.proj', 1, d);
  return shapes;
}

/** (x − mean) / (unbiased deviation + ε), times a gain, plus a bias. */
function norm(p: Tensors, x: tf.Tensor, name: string): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.div(tf.sum(tf.square(centred), -1, true), x.shape.at(-1)! - 1);
  const deviation = tf.add(tf.sqrt(variance), epsilon);
  return tf.add(tf.mul(tf.div(centred, deviation), p[`${name}.a_2`]), p[`${name}.b_2`]);
}

/** Distance and bond terms of the attention weights: x [b, t, features + x, y, z + neighbours] → [b, 1, t, t]; real [b, t, 1] is 1 for atoms. */
function graphAttention(x: tf.Tensor, real: tf.Tensor, features: number): tf.Tensor {
  const [b, t, width] = x.shape as [number, number, number];
  const across = tf.reshape(real, [b, 1, t]);
  const pairs = tf.mul(real, across); // [b, t, t], both ends atoms
  const at = tf.slice(x, [0, 0, features], [b, t, 3]);
  const apart = tf.sub(tf.reshape(at, [b, t, 1, 3]), tf.reshape(at, [b, 1, t, 3]));
  const near = tf.mul(tf.exp(tf.neg(tf.sqrt(tf.sum(tf.square(apart), 3)))), pairs);
  const neighbours = tf.cast(tf.slice(x, [0, 0, features + 3], [b, t, width - features - 3]), 'int32');
  const bonds = tf.sum(tf.cast(tf.oneHot(neighbours, t), 'float32'), 2); // neighbour 0 is the dummy and means none
  const eye = literal(
    Float32Array.from({ length: t * t }, (_, i) => Number(i % (t + 1) === 0)),
    [1, t, t],
  );
  const bound = tf.mul(tf.add(bonds, eye), pairs);
  const share = tf.div(bound, tf.add(tf.sum(bound, 2, true), epsilon));
  return tf.reshape(tf.add(tf.mul(near, lambda.distance), tf.mul(share, lambda.bonds)), [b, 1, t, t]);
}

/**
 * x [b, t, features + x, y, z + neighbours] → the logit [b, 1, 1]. Only attention computes all b·t tokens; the rest computes the n
 * rows of `computed`.
 */
function forward(
  p: Tensors,
  x: tf.Tensor,
  config: MatConfig,
  noise: Noise | null,
  probe: Probe = {},
  { computed }: TokenIndices = {},
): tf.Tensor {
  const [b, t] = x.shape as [number, number];
  const { n_layer, n_embd: d, n_head: heads, dropout: rate, features } = config;
  const { unpad, pad } = unpadding(computed, b * t);
  const dense = (h: tf.Tensor, name: string) => linear(h, p[`${name}.weight`], p[`${name}.bias`], true);
  const tokens = tf.slice(x, [0, 0, 0], [b, t, features]); // [b, t, features]
  const present = tf.minimum(tf.sum(tokens, 2, true), 1); // [b, t, 1]; padding has no features
  const real = tf.sub(present, tf.slice(x, [0, 0, 0], [b, t, 1])); // the dummy's feature is the first
  const graph = graphAttention(x, real, features); // [b, 1, t, t]
  const mask = tf.mul(tf.sub(tf.reshape(present, [b, 1, 1, t]), 1), 1e9);
  const byHead = (h: tf.Tensor) => tf.transpose(tf.reshape(pad(h), [b, t, heads, d / heads]), [0, 2, 1, 3]); // [b, h, t, c]
  // masks are drawn for all tokens, so a token's mask does not depend on which are computed
  const dropped = (h: tf.Tensor) =>
    noise && rate > 0 ? tf.mul(h, unpad(dropout(tf.ones([b * t, d]), rate, noise))) : h;

  let h = dropped(dense(unpad(tf.reshape(tokens, [b * t, features])), 'src_embed.lut')); // [n, d]
  for (let i = 0; i < n_layer; i++) {
    const layer = `encoder.layers.${i}`;
    const normed = norm(p, h, `${layer}.sublayer.0.norm`);
    const [query, key, value] = [0, 1, 2].map((k) => byHead(dense(normed, `${layer}.self_attn.linears.${k}`)));
    const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(d / heads)); // [b, h, t, t]
    const weights = tf.add(tf.mul(tf.softmax(tf.add(scores, mask)), lambda.attention), graph);
    const kept = dropout(weights, rate, noise);
    probe.attention?.(i, kept);
    const mixed = tf.transpose(tf.matMul(kept, value), [0, 2, 1, 3]); // [b, t, h, c]
    const out = dense(unpad(tf.reshape(mixed, [b * t, d])), `${layer}.self_attn.linears.3`); // [n, d]
    h = tf.add(h, dropped(out));
    const wide = dense(norm(p, h, `${layer}.sublayer.1.norm`), `${layer}.feed_forward.linears.0`);
    const bent = dropped(tf.add(tf.mul(wide, slope), tf.mul(tf.relu(wide), 1 - slope)));
    h = tf.add(h, dropped(bent));
  }
  const states = tf.mul(tf.reshape(pad(norm(p, h, 'encoder.norm')), [b, t, d]), present);
  const pooled = tf.div(tf.sum(states, 1), tf.sum(present, 1)); // [b, d]
  return tf.reshape(dense(pooled, 'generator.proj'), [b, 1, 1]);
}

const freezeRules: FreezeRules = [
  ['src_embed', 'freeze_in'],
  ['generator', 'freeze_out'],
  ['norm.', 'freeze_ln'],
  ['self_attn', 'freeze_attn'],
  ['', 'freeze_ff'],
];

/** Glorot initialisation for matrices, as in the published code, and torch's default for biases. */
function initial(name: string, _: MatConfig, shapes: Shapes): Initializer {
  if (name.includes('norm.')) return { fill: name.endsWith('a_2') ? 1 : 0 };
  const [out, from] = shapes[name.replace('.bias', '.weight')];
  return { uniform: name.endsWith('.bias') ? 1 / Math.sqrt(from) : Math.sqrt(6 / (from + out)) };
}

export const mat = wholeNetwork<MatConfig>({
  title: 'Molecule Attention Transformer',
  task: 'cyp3a4-graph',
  parameters,
  longest: ({ tokens }) => tokens,
  freezeRules,
  initial,
  blockTokens: (_, tokens) => tokens,
  forward,
});

/** Number of values of a token: features; x, y, z; eight neighbours. */
const tokenWidth = matConfig.features + 3 + 8;

/** Builds the model for a task of molecules in space. Throws `config` for any other task. */
export function buildMat(settings: ExperimentConfig, { embedding, tokens, width, outputDim }: ModelShape): Model {
  if (embedding || width !== tokenWidth || outputDim !== 1) {
    throw new PermafrostError(
      'config',
      `model_name: mat needs molecules in space, which ${settings.task} does not have. Choose the task cyp3a4-graph.`,
    );
  }
  if (settings.pretrained)
    throw new PermafrostError(
      'config',
      'pretrained: the pretrained weights of mat cannot be downloaded. Set pretrained to false.',
    );
  return mat.model({ ...resize(matConfig, settings), tokens }, settings);
}
