/**
 * The frozen pretrained transformer of arXiv 2103.05247: a small input network, a transformer body, and a small output
 * network on the state of the last token. Parameters have the names of a dl-project checkpoint: `transformer.…`,
 * `in_net.0.weight`. Weights of in_net and out_net are [out, in], as in torch's nn.Linear.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dropout, linear, literal } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { type Body, bodyPrefix } from './body.ts';
import { initialize } from './initialize.ts';
import { blockOf, blocksOf, keptByBlocks } from './memory.ts';
import {
  type FreezeField,
  type FreezeFlag,
  type Initializer,
  isFree,
  type Model,
  type Probe,
  type Shapes,
} from './model.ts';

export interface FptConfig<BodyConfig extends object = object> extends Record<FreezeFlag, boolean> {
  body: Body<BodyConfig>;
  bodyConfig: BodyConfig;
  /** Parameters of the checkpoint's later blocks, which the body does not have. */
  leftOut?: ReadonlySet<string>;
  /** Vocabulary size when `embedding`. */
  inputDim: number;
  outputDim: number;
  embedding: boolean;
  inLayerSizes: number[];
  outLayerSizes: number[];
  /** Read the last `ratio` tokens (default) or all of them. */
  lastOnly: boolean;
  dropout: number;
  /** Gain of the orthogonal init of in_net; null for torch's default uniform init. */
  orthGain: number | null;
  freeze_trans: boolean;
  freeze_in: boolean;
  freeze_out: boolean;
  /** Number of last blocks whose attention is trained if `freeze_attn` is off; null for all blocks. */
  trained_attn_blocks: number | null;
}

/** Builds the model from its complete description. */
export function buildFpt(f: FptConfig): Model {
  const { body, bodyConfig } = f;
  const shapes = parameters(f);
  const blocks = blocksOf(Object.keys(body.parameters(bodyConfig)));
  return {
    parameters: shapes,
    bodyConfig,
    kept: (tokens) => keptByBlocks(blocks, body.width(bodyConfig), body.heads(bodyConfig), tokens),
    fromCheckpoint: (names) =>
      new Map(
        [...body.fromCheckpoint(names)].flatMap(([name, stored]) =>
          f.leftOut?.has(name) ? [] : [[bodyPrefix + name, stored]],
        ),
      ),
    isTrainable: (name) => isFree(f, freezeFlag(f, name)) && !isFrozenAttention(f, name, blocks),
    freezeFlag: (name) => freezeFlag(f, name),
    isUsed: (name) => !body.unused.includes(withoutPrefix(name)),
    isLoaded: (name) => name.startsWith(bodyPrefix) && !body.notLoaded.includes(withoutPrefix(name)),
    initialValue: (name, seed) => initialize(initial(f, name), shapes[name], seed, name),
    forward: (p, x, noise, probe, indices) => forward(f, p, x, noise, probe, indices?.at),
  };
}

const withoutPrefix = (name: string): string => name.slice(bodyPrefix.length);

/** Linear layers between the widths [from, …, to], with the indices 0, 3, 6, … of torch's nn.Sequential(Linear, ReLU, Dropout, …, Linear). */
const layersOf = (prefix: string, widths: number[]) =>
  widths.slice(1).map((out, i) => ({ name: `${prefix}.${3 * i}`, in: widths[i], out }));
const inLayers = (f: FptConfig) => layersOf('in_net', [f.inputDim, ...f.inLayerSizes, f.body.width(f.bodyConfig)]);
const outLayers = (f: FptConfig) => layersOf('out_net', [f.body.width(f.bodyConfig), ...f.outLayerSizes, f.outputDim]);

/** Shapes of all parameters, in the order of torch's model.parameters(). */
function parameters(f: FptConfig): Shapes {
  const shapes: Shapes = {};
  for (const [name, shape] of Object.entries(f.body.parameters(f.bodyConfig))) shapes[bodyPrefix + name] = shape;
  const add = (layers: ReturnType<typeof layersOf>) => {
    for (const { name, in: from, out } of layers) {
      shapes[`${name}.weight`] = [out, from];
      shapes[`${name}.bias`] = [out];
    }
  };
  if (f.embedding) shapes['in_net.weight'] = [f.inputDim, f.body.width(f.bodyConfig)];
  else add(inLayers(f));
  add(outLayers(f));
  return shapes;
}

/** The flag that freezes a parameter; null if it is frozen whenever the transformer is. */
function freezeFlag(f: FptConfig, name: string): FreezeField | null {
  if (name.startsWith('in_net')) return 'freeze_in';
  if (name.startsWith('out_net')) return 'freeze_out';
  return f.body.freezeFlag(withoutPrefix(name), f.bodyConfig);
}

/** Whether a parameter is attention of a block that `trained_attn_blocks` does not train. */
const isFrozenAttention = (f: FptConfig, name: string, blocks: number): boolean =>
  f.trained_attn_blocks !== null &&
  freezeFlag(f, name) === 'freeze_attn' &&
  blockOf(withoutPrefix(name))! < blocks - f.trained_attn_blocks;

/** Initial values of a parameter that is not loaded: torch's defaults, except that in_net has orthogonal weights and zero biases. */
function initial(f: FptConfig, name: string): Initializer {
  if (name.startsWith(bodyPrefix)) return f.body.initial(withoutPrefix(name), f.bodyConfig);
  if (name === 'in_net.weight') return { normal: 1 };
  const layer = [...inLayers(f), ...outLayers(f)].find((l) => name.startsWith(`${l.name}.`))!;
  if (!name.startsWith('in_net')) return { uniform: 1 / Math.sqrt(layer.in) };
  if (name.endsWith('.bias')) return { fill: 0 };
  return f.orthGain === null ? { uniform: 1 / Math.sqrt(layer.in) } : { orthogonal: f.orthGain };
}

/**
 * x [b, t, w], where w = ratio · inputDim, or ids [b, t] → logits:
 * - with `lastOnly`, [b, 1, ratio·outputDim] of the last token, or of token `at` [b] of each sample;
 * - otherwise, [b, t·ratio, outputDim] of all tokens;
 * - for a body that is read at its class token, [b, 1, outputDim].
 *
 * No dropout if `noise` is null.
 */
function forward(
  f: FptConfig,
  p: Tensors,
  x: tf.Tensor,
  noise: Noise | null,
  probe?: Probe,
  at?: tf.Tensor,
): tf.Tensor {
  const b = x.shape[0];
  const ratio = f.embedding ? 1 : x.shape[2]! / f.inputDim;
  const embeds = f.embedding ? embed(p, x) : inNet(f, p, tf.reshape(x, [b, x.shape[1]! * ratio, f.inputDim]), noise); // [t, b, d]
  const t = embeds.shape[0];
  const read = f.lastOnly && !at ? ratio : t;
  const body = Object.fromEntries(
    Object.entries(p).flatMap(([name, value]) => (name.startsWith(bodyPrefix) ? [[withoutPrefix(name), value]] : [])),
  );
  let h = f.body.forward(body, embeds, f.bodyConfig, noise, read, probe); // [read or 1, b, d]
  if (at && f.body.readout === 'last tokens') h = tokensAt(h, at);
  for (const [i, { name }] of outLayers(f).entries()) {
    if (i > 0) h = dropout(tf.relu(h), f.dropout, noise);
    h = linear(h, p[`${name}.weight`], p[`${name}.bias`], true);
  }
  const logits = tf.transpose(h, [1, 0, 2]); // [b, read, k]
  return f.lastOnly ? tf.reshape(logits, [b, 1, h.shape[0] * f.outputDim]) : logits;
}

/** states [t, b, d] → [1, b, d]: token at[i] of sample i. */
function tokensAt(states: tf.Tensor, at: tf.Tensor): tf.Tensor {
  const [t, b, d] = states.shape as [number, number, number];
  const samples = literal(
    Int32Array.from({ length: b }, (_, i) => i),
    [b],
  );
  const rows = tf.gather(tf.reshape(states, [t * b, d]), tf.add(tf.mul(at, tf.scalar(b, 'int32')), samples));
  return tf.reshape(rows, [1, b, d]);
}

/** ids [b, t] → [t, b, d]. Unlike inNet, without dropout, as in torch's nn.Embedding. */
function embed(p: Tensors, ids: tf.Tensor): tf.Tensor {
  const [b, t] = ids.shape;
  const rows = tf.gather(p['in_net.weight'], tf.reshape(tf.transpose(ids), [b * t!]));
  return tf.reshape(rows, [t!, b, rows.shape[1]!]);
}

/** x [b, t, i] → [t, b, d]. Transposes first, while the tensor is small. Dropout also follows the last layer. */
function inNet(f: FptConfig, p: Tensors, x: tf.Tensor, noise: Noise | null): tf.Tensor {
  let h = tf.transpose(x, [1, 0, 2]);
  for (const [i, { name }] of inLayers(f).entries()) {
    if (i > 0) h = tf.relu(h);
    h = linear(i > 0 ? dropout(h, f.dropout, noise) : h, p[`${name}.weight`], p[`${name}.bias`], true);
  }
  return dropout(h, f.dropout, noise);
}
