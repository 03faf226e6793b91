/**
 * The Audio Spectrogram Transformer (Gong et al., arXiv 2104.01778) for Speech Commands, as in Hugging Face's
 * MIT/ast-finetuned-speech-commands-v2. A log-mel spectrogram is cut into patches of 16 × 16 with a stride of 10; a class token
 * and a distillation token come before them. The encoder is pre-norm with the exact GELU, and the answer is read from the mean
 * of the two tokens. Parameters have the names of that checkpoint. Weights are [out, in] and [out, in, height, width], as in torch.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { dropout, geluErf, layerNorm, linear } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { attend } from './attention.ts';
import type { FreezeRules, Initializer, Model, ModelShape, Probe, Shapes } from './model.ts';
import { type NetworkSizes, resize, wholeNetwork } from './wholeNetwork.ts';

interface AstConfig extends NetworkSizes {
  initializer_range: number;
  frames: number;
  mels: number;
  classes: number;
}

/** The values of the checkpoint's config.json. */
export const astConfig: AstConfig = {
  ...{ n_layer: 12, n_embd: 768, n_head: 12, dropout: 0, initializer_range: 0.02 },
  ...{ frames: 128, mels: 128, classes: 35 },
};
const [patch, stride] = [16, 10];
const epsilon = 1e-12;
const root = 'audio_spectrogram_transformer';
const embeddings = `${root}.embeddings`;
const projection = `${embeddings}.patch_embeddings.projection`;

const along = (length: number): number => Math.floor((length - patch) / stride) + 1;
/** Number of patches of a spectrogram, plus the two tokens before them. */
const tokensOf = ({ frames, mels }: AstConfig): number => along(frames) * along(mels) + 2;

function parameters(config: AstConfig): Shapes {
  const { n_layer, n_embd: d } = config;
  const shapes: Shapes = {
    [`${embeddings}.cls_token`]: [1, 1, d],
    [`${embeddings}.distillation_token`]: [1, 1, d],
    [`${embeddings}.position_embeddings`]: [1, tokensOf(config), d],
  };
  const add = (name: string, ...weight: number[]) => {
    shapes[`${name}.weight`] = weight;
    shapes[`${name}.bias`] = [weight[0]];
  };
  add(projection, d, 1, patch, patch);
  for (let i = 0; i < n_layer; i++) {
    const layer = `${root}.encoder.layer.${i}`;
    for (const part of ['query', 'key', 'value']) add(`${layer}.attention.attention.${part}`, d, d);
    add(`${layer}.attention.output.dense`, d, d);
    add(`${layer}.intermediate.dense`, 4 * d, d);
    add(`${layer}.output.dense`, d, 4 * d);
    add(`${layer}.layernorm_before`, d);
    add(`${layer}.layernorm_after`, d);
  }
  add(`${root}.layernorm`, d);
  add('classifier.layernorm', d);
  add('classifier.dense', config.classes, d);
  return shapes;
}

/** x [b, frames, mels] → [b, 1, classes]. */
function forward(p: Tensors, x: tf.Tensor, config: AstConfig, noise: Noise | null, probe: Probe = {}): tf.Tensor {
  const [b, frames, mels] = x.shape as [number, number, number];
  const { n_layer, n_embd: d, n_head: heads, dropout: rate } = config;
  const norm = (h: tf.Tensor, name: string) => layerNorm(h, p[`${name}.weight`], p[`${name}.bias`], epsilon);
  const dense = (h: tf.Tensor, name: string) => linear(h, p[`${name}.weight`], p[`${name}.bias`], true);

  const image = tf.reshape(tf.transpose(x, [0, 2, 1]), [b, mels, frames, 1]) as tf.Tensor4D; // frequency first
  const filter = tf.transpose(p[`${projection}.weight`], [2, 3, 1, 0]) as tf.Tensor4D; // [d, 1, h, w] → [h, w, 1, d]
  const patches = tf.add(tf.conv2d(image, filter, stride, 'valid'), p[`${projection}.bias`]); // [b, 12, 12, d]
  const sequence = tf.transpose(tf.reshape(patches, [b, -1, d]), [1, 0, 2]); // [t, b, d]
  const token = (name: string) => tf.broadcastTo(p[`${embeddings}.${name}`], [1, b, d]);
  const t = sequence.shape[0] + 2;
  const places = tf.reshape(p[`${embeddings}.position_embeddings`], [t, 1, d]);
  let h = tf.add(tf.concat([token('cls_token'), token('distillation_token'), sequence], 0), places);
  for (let i = 0; i < n_layer; i++) {
    const layer = `${root}.encoder.layer.${i}`;
    const rows = i === n_layer - 1 && !probe.whole ? 2 : t; // only the two special tokens are read
    const first = (all: tf.Tensor) => (rows === t ? all : tf.slice(all, [0, 0, 0], [rows, b, d]));
    const normed = norm(h, `${layer}.layernorm_before`);
    const query = dense(first(normed), `${layer}.attention.attention.query`);
    const [key, value] = ['key', 'value'].map((part) => dense(normed, `${layer}.attention.attention.${part}`));
    const watch = (weights: tf.Tensor) => probe.attention?.(i, weights);
    const mixed = attend(query, key, value, { heads, mask: null, rate, noise, watch });
    h = tf.add(first(h), dropout(dense(mixed, `${layer}.attention.output.dense`), rate, noise));
    const wide = geluErf(dense(norm(h, `${layer}.layernorm_after`), `${layer}.intermediate.dense`));
    h = tf.add(h, dropout(dense(wide, `${layer}.output.dense`), rate, noise));
  }
  const pooled = tf.mean(norm(h, `${root}.layernorm`), 0); // [b, d]
  const logits = dense(norm(pooled, 'classifier.layernorm'), 'classifier.dense');
  return tf.reshape(logits, [b, 1, logits.shape[1]!]);
}

/** The first match decides. What is left are feed-forward layers. */
const freezeRules: FreezeRules = [
  [projection, 'freeze_in'],
  ['classifier.', 'freeze_out'],
  [embeddings, 'freeze_pos'],
  ['layernorm', 'freeze_ln'],
  ['.attention.', 'freeze_attn'],
  ['', 'freeze_ff'],
];

function initial(name: string, { initializer_range }: AstConfig): Initializer {
  if (name.includes('layernorm')) return { fill: name.endsWith('weight') ? 1 : 0 };
  return name.endsWith('.bias') ? { fill: 0 } : { normal: initializer_range };
}

export const ast = wholeNetwork<AstConfig>({
  title: 'Audio Spectrogram Transformer',
  task: 'speech-commands-mel',
  parameters,
  longest: tokensOf,
  freezeRules,
  initial,
  blockTokens: tokensOf, // patches, not frames
  forward,
});

/** Builds the model for a task of log-mel spectrograms. Throws `config` for any other task. */
export function buildAst(
  settings: ExperimentConfig,
  { embedding, tokens, width, outputDim, lengths }: ModelShape,
): Model {
  if (embedding || lengths || tokens < patch || width < patch) {
    throw new PermafrostError(
      'config',
      `model_name: ast needs spectrograms of one length with at least ${patch} frames × ${patch} mels, which ${settings.task} does not have. Choose the task speech-commands-mel.`,
    );
  }
  return ast.model({ ...resize(astConfig, settings), frames: tokens, mels: width, classes: outputDim }, settings);
}
