/**
 * The encoder of a Vision Transformer (Dosovitskiy et al., arXiv 2010.11929) as a body, as dl-project uses it. It has a class
 * token in front of the embeddings, learned positions, and pre-norm blocks with the exact GELU; the answer is read at the class
 * token. The patch embedding and the classification head are not part of the body. Linear weights are [out, in].
 *
 * Positions and class token are never loaded. In the variant `reference` both start at zero and stay frozen with the body, as in
 * the published runs, which therefore see no order. In `corrected` positions start at random, and `freeze_pos` decides whether
 * they are trained.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dropout, geluErf, layerNorm, linear } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { attend } from './attention.ts';
import type { Body } from './body.ts';
import { unwrapped } from './checkpointNames.ts';
import { type FreezeFlag, type FreezeRules, flagOf, type Initializer, type Probe, type Shapes } from './model.ts';
import { vitFromCheckpoint } from './vitCheckpoint.ts';

export interface VitConfig {
  num_layers: number;
  hidden_size: number;
  num_heads: number;
  mlp_dim: number;
  /** Most tokens, not counting the class token. */
  max_sequence_len: number;
  /** Standard deviation of random weights; null for the reference's (torch's default for attention, Xavier for the MLP). */
  initializer_range: number | null;
  dropout_rate: number;
  attention_dropout_rate: number;
  /** Whether positions can be trained in a frozen body. */
  trains_positions: boolean;
}

const base: VitConfig = {
  num_layers: 12,
  hidden_size: 768,
  num_heads: 12,
  mlp_dim: 3072,
  max_sequence_len: 1024,
  initializer_range: null,
  dropout_rate: 0.1,
  attention_dropout_rate: 0,
  trains_positions: false,
};
const large = { num_layers: 24, hidden_size: 1024, num_heads: 16, mlp_dim: 4096 };
const huge = { num_layers: 32, hidden_size: 1280, num_heads: 16, mlp_dim: 5120 };

/** Sizes of table 1 of the paper, by the checkpoint names of google-research/vision_transformer and of the Hugging Face hub. */
export const vitConfigs: Record<string, VitConfig> = Object.fromEntries(
  Object.entries<Partial<VitConfig>>({
    'ViT-B_16': {},
    'ViT-B_32': {},
    'ViT-L_16': large,
    'ViT-L_32': large,
    'ViT-H_14': huge,
    'google/vit-base-patch16-224-in21k': {},
    'google/vit-large-patch16-224-in21k': large,
    'google/vit-huge-patch14-224-in21k': huge,
  }).map(([name, config]) => [name, { ...base, ...config }]),
);

const epsilon = 1e-6; // of the original; the Hugging Face config says 1e-12
const positions = '0.position_embeddings';
const classToken = '0.cls_token';

function parameters({ num_layers, hidden_size: d, mlp_dim, max_sequence_len }: VitConfig): Shapes {
  const shapes: Shapes = { [positions]: [1, max_sequence_len + 1, d], [classToken]: [1, 1, d] };
  const add = (name: string, ...weight: number[]) => {
    shapes[`${name}.weight`] = weight;
    shapes[`${name}.bias`] = [weight[0]];
  };
  for (let i = 0; i < num_layers; i++) {
    const layer = `1.layer.${i}`;
    add(`${layer}.attention_norm`, d);
    add(`${layer}.ffn_norm`, d);
    add(`${layer}.ffn.fc1`, mlp_dim, d);
    add(`${layer}.ffn.fc2`, d, mlp_dim);
    for (const part of ['query', 'key', 'value', 'out']) add(`${layer}.attn.${part}`, d, d);
  }
  add('1.encoder_norm', d);
  return shapes;
}

/** embeds [t, b, d] → the class token after the last norm, [1, b, d]. The last block computes only the class token. */
function forward(
  p: Tensors,
  embeds: tf.Tensor,
  config: VitConfig,
  noise: Noise | null,
  _read: number,
  probe: Probe = {},
): tf.Tensor {
  const [t, b, d] = embeds.shape;
  const { num_layers, num_heads: heads, dropout_rate, attention_dropout_rate: rate } = config;
  const norm = (x: tf.Tensor, name: string) => layerNorm(x, p[`${name}.weight`], p[`${name}.bias`], epsilon);
  const dense = (x: tf.Tensor, name: string) => linear(x, p[`${name}.weight`], p[`${name}.bias`], true);
  const first = (x: tf.Tensor, n: number) => (n === x.shape[0] ? x : tf.slice(x, [0, 0, 0], [n, b, d!]));

  const token = tf.broadcastTo(tf.reshape(p[classToken], [1, 1, d!]), [1, b, d!]);
  const places = tf.reshape(tf.slice(p[positions], [0, 0, 0], [1, t + 1, d!]), [t + 1, 1, d!]);
  let x = tf.add(tf.concat([token, embeds], 0), places); // [1 + t, b, d]
  probe.hidden?.(0, x);
  for (let i = 0; i < num_layers; i++) {
    const layer = `1.layer.${i}`;
    const rows = i === num_layers - 1 && !probe.whole ? 1 : t + 1;
    const normed = norm(x, `${layer}.attention_norm`);
    const query = dense(first(normed, rows), `${layer}.attn.query`);
    const [key, value] = ['key', 'value'].map((part) => dense(normed, `${layer}.attn.${part}`));
    const watch = (weights: tf.Tensor) => probe.attention?.(i, weights);
    const mixed = attend(query, key, value, { heads, mask: null, rate, noise, watch });
    x = tf.add(first(x, rows), dropout(dense(mixed, `${layer}.attn.out`), rate, noise));
    const wide = dropout(geluErf(dense(norm(x, `${layer}.ffn_norm`), `${layer}.ffn.fc1`)), dropout_rate, noise);
    x = tf.add(x, dropout(dense(wide, `${layer}.ffn.fc2`), dropout_rate, noise));
    if (i < num_layers - 1) probe.hidden?.(i + 1, x);
  }
  const out = norm(first(x, 1), '1.encoder_norm');
  probe.hidden?.(num_layers, out);
  return out;
}

/** The first match decides, as in the reference. */
const freezeRules: FreezeRules<FreezeFlag> = [
  ['_norm', 'freeze_ln'],
  ['ffn.', 'freeze_ff'],
  ['attn.', 'freeze_attn'],
];
const isPlace = (name: string): boolean => name === positions || name === classToken;

function initial(
  name: string,
  { initializer_range, hidden_size: d, mlp_dim, trains_positions }: VitConfig,
): Initializer {
  if (name === positions && trains_positions) return { normal: 0.02 };
  if (isPlace(name)) return { fill: 0 };
  if (name.includes('_norm')) return { fill: name.endsWith('weight') ? 1 : 0 };
  if (initializer_range !== null) return name.endsWith('bias') ? { fill: 0 } : { normal: initializer_range };
  if (!name.includes('ffn.')) return { uniform: 1 / Math.sqrt(d) };
  return name.endsWith('bias') ? { normal: 1e-6 } : { uniform: Math.sqrt(6 / (d + mlp_dim)) };
}

export const vit: Body<VitConfig> = {
  title: 'Vision Transformer',
  deviation: (variant) =>
    variant === 'reference'
      ? null
      : 'Positions start at random and freeze_pos decides whether they and the class token are trained. Published runs keep both at zero and see no order.',
  configure: (config, { body_dropout, variant, ...changes }) => ({
    num_layers: changes.n_layer ?? config.num_layers,
    hidden_size: changes.n_embd ?? config.hidden_size,
    num_heads: changes.n_head ?? config.num_heads,
    mlp_dim: changes.n_embd === null ? config.mlp_dim : 4 * changes.n_embd,
    max_sequence_len: changes.n_positions ?? config.max_sequence_len,
    initializer_range: changes.initializer_range ?? config.initializer_range,
    dropout_rate: body_dropout ?? config.dropout_rate,
    attention_dropout_rate: body_dropout ?? config.attention_dropout_rate,
    trains_positions: variant === 'corrected',
  }),
  parameters,
  unused: [],
  notLoaded: [positions, classToken],
  readout: 'class token',
  width: (config) => config.hidden_size,
  heads: (config) => config.num_heads,
  longest: (config) => config.max_sequence_len,
  freezeFlag(name, { trains_positions }) {
    if (isPlace(name)) return trains_positions ? 'freeze_pos' : null;
    return flagOf(freezeRules, name);
  },
  initial,
  fromCheckpoint: unwrapped(vitFromCheckpoint),
  forward,
};
