/**
 * GPT-2 (Radford et al. 2019) as a body: from input embeddings to hidden states. Parameters have their checkpoint names.
 * The weights of c_attn, c_proj and c_fc are [in, out], unlike those of torch's nn.Linear.
 * Tensors are sequence first, [t, b, d], so that attention reads heads in place from [t, b, h, c].
 */
import * as tf from '@tensorflow/tfjs-core';
import { dropout, geluTanh, layerNorm, linear, literal } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { attend } from './attention.ts';
import { type Body, bodyPrefix } from './body.ts';
import { type StoredAs, unwrapped } from './checkpointNames.ts';
import { type FreezeFlag, type FreezeRules, flagOf, type Probe, type Shapes } from './model.ts';

/** The keys of a checkpoint's config.json that the model reads. */
export interface Gpt2Config {
  n_layer: number;
  n_embd: number;
  n_head: number;
  n_positions: number;
  vocab_size: number;
  /** Width of the feed-forward layer; null for 4·n_embd. */
  n_inner: number | null;
  layer_norm_epsilon: number;
  /** Standard deviation of random weights. */
  initializer_range: number;
  embd_pdrop: number;
  attn_pdrop: number;
  resid_pdrop: number;
}

const gpt2Small: Gpt2Config = {
  n_layer: 12,
  n_embd: 768,
  n_head: 12,
  n_positions: 1024,
  vocab_size: 50257,
  n_inner: null,
  layer_norm_epsilon: 1e-5,
  initializer_range: 0.02,
  embd_pdrop: 0.1,
  attn_pdrop: 0.1,
  resid_pdrop: 0.1,
};
const medium = { n_layer: 24, n_embd: 1024, n_head: 16 };
const large = { n_layer: 36, n_embd: 1280, n_head: 20 };
const xl = { n_layer: 48, n_embd: 1600, n_head: 25 };
const nano = {
  ...{ n_layer: 4, n_embd: 128, n_head: 4, n_positions: 128, vocab_size: 256 },
  initializer_range: 0.05, // gives random activations the scale that they have in gpt2
};

/**
 * The checkpoints of dl-project's model-zoo experiment, by its names, and GPT-2 XL.
 * Source: config.json of each repository on huggingface.co, confirmed by the published parameter counts.
 */
export const gpt2Configs: Record<string, Gpt2Config> = Object.fromEntries(
  Object.entries<Partial<Gpt2Config>>({
    gpt2: {},
    'gpt2-medium': medium,
    'gpt2-large': large,
    'gpt2-xl': xl,
    distilgpt2: { n_layer: 6 },
    'sshleifer/tiny-gpt2': { n_layer: 2, n_embd: 2, n_head: 2 },
    'lvwerra/gpt2-imdb': {},
    'LorenzoDeMattei/GePpeTto': { vocab_size: 30000 },
    'microsoft/CodeGPT-small-py': { vocab_size: 50001 },
    'minimaxir/magic-the-gathering': {
      ...{ n_layer: 8, n_embd: 128, n_head: 8, n_positions: 256, vocab_size: 500 },
      ...{ embd_pdrop: 0.2, attn_pdrop: 0.2, resid_pdrop: 0.2 },
    },
    'rinna/japanese-gpt2-medium': { ...medium, n_inner: 4096, vocab_size: 32000 },
    'sberbank-ai/rugpt3small_based_on_gpt2': { n_positions: 2048, vocab_size: 50264 },
    'shtoshni/gpt2-chess-uci': { n_positions: 512, vocab_size: 77 },
    'uer/gpt2-chinese-poem': { vocab_size: 22557 },
    'ceostroff/harry-potter-gpt2-fanfiction': {},
    'chrisliu298/arxiv_ai_gpt2': { ...large, vocab_size: 50259 },
    'microsoft/DialoGPT-medium': medium,
    // pretrained by this project, on bytes of text and on bit memory
    'permafrost-nano': nano,
    'permafrost-nano-bits': nano,
  }).map(([name, config]) => [name, { ...gpt2Small, ...config }]),
);

function parameters({ n_layer, n_embd: d, n_positions, vocab_size, n_inner }: Gpt2Config): Shapes {
  const inner = n_inner ?? 4 * d;
  const shapes: Shapes = { 'wte.weight': [vocab_size, d], 'wpe.weight': [n_positions, d] };
  for (let i = 0; i < n_layer; i++) {
    Object.assign(shapes, {
      [`h.${i}.ln_1.weight`]: [d],
      [`h.${i}.ln_1.bias`]: [d],
      [`h.${i}.attn.c_attn.weight`]: [d, 3 * d],
      [`h.${i}.attn.c_attn.bias`]: [3 * d],
      [`h.${i}.attn.c_proj.weight`]: [d, d],
      [`h.${i}.attn.c_proj.bias`]: [d],
      [`h.${i}.ln_2.weight`]: [d],
      [`h.${i}.ln_2.bias`]: [d],
      [`h.${i}.mlp.c_fc.weight`]: [d, inner],
      [`h.${i}.mlp.c_fc.bias`]: [inner],
      [`h.${i}.mlp.c_proj.weight`]: [inner, d],
      [`h.${i}.mlp.c_proj.bias`]: [d],
    });
  }
  return { ...shapes, 'ln_f.weight': [d], 'ln_f.bias': [d] };
}

/**
 * embeds [t, b, d] → hidden states [read, b, d] of the last `read` tokens, after the final layer norm.
 * The last block computes only these tokens, since nothing reads the others. No dropout if `noise` is null.
 */
function forward(
  p: Tensors,
  embeds: tf.Tensor,
  config: Gpt2Config,
  noise: Noise | null,
  read: number,
  probe: Probe = {},
): tf.Tensor {
  const [t, b, d] = embeds.shape;
  const { n_layer, n_head: heads, layer_norm_epsilon: epsilon, attn_pdrop, resid_pdrop } = config;
  const mask = literal(causalMask(t), [t, t]); // [t, t], 0 or −1e9
  const norm = (x: tf.Tensor, name: string) => layerNorm(x, p[`${name}.weight`], p[`${name}.bias`], epsilon);
  const dense = (x: tf.Tensor, name: string) => linear(x, p[`${name}.weight`], p[`${name}.bias`]);
  const last = (x: tf.Tensor, n: number) => (n === x.shape[0] ? x : tf.slice(x, [x.shape[0] - n, 0, 0], [n, b, d]));

  const positions = tf.reshape(tf.slice(p['wpe.weight'], [0, 0], [t, d]), [t, 1, d]);
  let x = tf.add(embeds, positions);
  probe.hidden?.(0, x);
  x = dropout(x, config.embd_pdrop, noise);
  for (let i = 0; i < n_layer; i++) {
    const rows = i === n_layer - 1 && !probe.whole ? read : t;
    const normed = norm(x, `h.${i}.ln_1`); // [t, b, d]
    const [query, key, value] = queryKeyValue(p, `h.${i}.attn.c_attn`, normed, rows);
    const mixed = attend(query, key, value, {
      heads,
      mask: rows === 1 ? null : rows === t ? mask : tf.slice(mask, [t - rows, 0], [rows, t]), // the last token attends to all
      rate: attn_pdrop,
      noise,
      watch: (weights) => probe.attention?.(i, weights),
    });
    const attended = dense(mixed, `h.${i}.attn.c_proj`);
    x = tf.add(last(x, rows), dropout(attended, resid_pdrop, noise));
    const wide = geluTanh(dense(norm(x, `h.${i}.ln_2`), `h.${i}.mlp.c_fc`)); // [rows, b, 4d]
    x = tf.add(x, dropout(dense(wide, `h.${i}.mlp.c_proj`), resid_pdrop, noise));
    if (i < n_layer - 1) probe.hidden?.(i + 1, x);
  }
  const out = norm(last(x, read), 'ln_f'); // [read, b, d]
  probe.hidden?.(n_layer, out);
  return out;
}

/** Query [rows, b, d] of the last `rows` tokens, and key and value [t, b, d] of all. */
function queryKeyValue(p: Tensors, name: string, x: tf.Tensor, rows: number): tf.Tensor[] {
  const [t, b, d] = x.shape;
  const [weight, bias] = [p[`${name}.weight`], p[`${name}.bias`]];
  if (rows === t) return tf.split(linear(x, weight, bias), 3, -1);
  const [queryWeight, restWeight] = tf.split(weight, [d, 2 * d], 1);
  const [queryBias, restBias] = tf.split(bias, [d, 2 * d]);
  const query = linear(tf.slice(x, [t - rows, 0, 0], [rows, b, d]), queryWeight, queryBias);
  return [query, ...tf.split(linear(x, restWeight, restBias), 2, -1)];
}

/** 0 where a token may attend, −1e9 at later tokens, where exp then underflows to 0, as with the reference's −1e4. */
const causalMask = (t: number): Float32Array =>
  Float32Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));

/** The first match with the lower-cased name decides, as in the reference. Anything else (wte) is frozen with the body. */
const freezeRules: FreezeRules<FreezeFlag> = [
  ['ln', 'freeze_ln'],
  ['wpe', 'freeze_pos'],
  ['mlp', 'freeze_ff'],
  ['attn', 'freeze_attn'],
];

/** Buffers in old checkpoints: the causal mask and its value. The dot tells `.attn.bias` from the parameter `c_attn.bias`. */
const buffers = ['.attn.bias', '.attn.masked_bias'];

/**
 * Maps names like from_pretrained of transformers: if some names begin with `transformer.`, these are the body and the others
 * are heads. Old files call the gains and biases of layer norms gamma and beta.
 */
function fromTransformers(names: readonly string[]): Map<string, StoredAs> {
  const prefix = names.some((name) => name.startsWith(bodyPrefix)) ? bodyPrefix : '';
  const found = new Map<string, StoredAs>();
  for (const name of names) {
    if (!name.startsWith(prefix) || buffers.some((buffer) => name.endsWith(buffer))) continue;
    const parameter = name.slice(prefix.length);
    if (!/^(wte|wpe|h|ln_f)\./.test(parameter)) continue;
    found.set(parameter.replace(/\.gamma$/, '.weight').replace(/\.beta$/, '.bias'), { name });
  }
  return found;
}

export const gpt2: Body<Gpt2Config> = {
  title: 'GPT-2',
  deviation: () => null,
  configure: (config, { body_dropout, ...changes }) => ({
    ...config,
    n_layer: changes.n_layer ?? config.n_layer,
    n_embd: changes.n_embd ?? config.n_embd,
    n_head: changes.n_head ?? config.n_head,
    n_positions: changes.n_positions ?? config.n_positions,
    initializer_range: changes.initializer_range ?? config.initializer_range,
    embd_pdrop: body_dropout ?? config.embd_pdrop,
    attn_pdrop: body_dropout ?? config.attn_pdrop,
    resid_pdrop: body_dropout ?? config.resid_pdrop,
  }),
  parameters,
  unused: ['wte.weight'],
  notLoaded: [],
  readout: 'last tokens',
  width: (config) => config.n_embd,
  heads: (config) => config.n_head,
  longest: (config) => config.n_positions,
  freezeFlag: (name) => flagOf(freezeRules, name.toLowerCase()),
  /** N(0, initializer_range), zero biases and unit gains, like GPT2PreTrainedModel of transformers 4.4, which does not scale by 1/√(2L). */
  initial: (name, { initializer_range }) =>
    name.endsWith('bias') ? { fill: 0 } : /\bln_/.test(name) ? { fill: 1 } : { normal: initializer_range },
  fromCheckpoint: unwrapped(fromTransformers),
  forward,
};
