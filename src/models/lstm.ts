/**
 * The LSTM baseline of arXiv 2103.05247 as a body: three layers of width 768 with layer-normalised gates and cells
 * (Ba et al., arXiv 1607.06450). It has no position embeddings. Its loop over the tokens is unrolled into the graph.
 * Weights are [out, in]; the order of the gates is input, forget, output, candidate. The paper trains all of it, at learning
 * rate 3e-4.
 *
 * The paper's code draws random initial states at every forward pass, even in evaluations. Here they are zero.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dropout, layerNorm, linear } from '#engine/nn';
import type { Noise, Tensors } from '#engine/program';
import { type Body, bodyPrefix } from './body.ts';
import { unwrapped } from './checkpointNames.ts';
import type { Shapes } from './model.ts';

interface LstmConfig {
  n_layer: number;
  n_embd: number;
  n_positions: number;
  /** Dropout rate of the hidden state that the next token and the next layer read. */
  dropout: number;
}

export const lstmConfigs: Record<string, LstmConfig> = {
  lstm: { n_layer: 3, n_embd: 768, n_positions: 1024, dropout: 0.1 },
};

function parameters({ n_layer, n_embd: d }: LstmConfig): Shapes {
  const shapes: Shapes = {};
  for (let i = 0; i < n_layer; i++) {
    for (const part of ['i2h', 'h2h']) {
      shapes[`params.${i}.${part}.weight`] = [4 * d, d];
      shapes[`params.${i}.${part}.bias`] = [4 * d];
    }
    for (const [part, width] of [['ln_h2h', 4 * d] as const, ['ln_i2h', 4 * d] as const, ['ln_cell', d] as const]) {
      shapes[`params.${i}.${part}.alpha`] = [1, width];
      shapes[`params.${i}.${part}.beta`] = [1, width];
    }
  }
  return shapes;
}

/** Layer norm as in the paper's code, which divides by n − 1. `layerNorm` divides by n; gain and ε compensate. */
function norm(x: tf.Tensor, p: Tensors, name: string): tf.Tensor {
  const n = x.shape.at(-1)!;
  const share = (n - 1) / n;
  const gain = tf.mul(tf.reshape(p[`${name}.alpha`], [n]), Math.sqrt(share));
  return layerNorm(x, gain, tf.reshape(p[`${name}.beta`], [n]), 1e-6 * share);
}

/** embeds [t, b, d] → [read, b, d], the hidden states of the last `read` tokens. */
function forward(p: Tensors, embeds: tf.Tensor, config: LstmConfig, noise: Noise | null, read: number): tf.Tensor {
  const [t, b, d] = embeds.shape;
  let x = embeds;
  for (let i = 0; i < config.n_layer; i++) {
    const dense = (h: tf.Tensor, part: string) =>
      norm(
        linear(h, p[`params.${i}.${part}.weight`], p[`params.${i}.${part}.bias`], true),
        p,
        `params.${i}.ln_${part}`,
      );
    const drive = dense(x, 'i2h');
    const inputs = t === 1 ? [tf.squeeze(drive, [0])] : tf.unstack(drive); // t of [b, 4d]; one token has no gradient in tf.unstack
    let [hidden, cell]: tf.Tensor[] = [tf.zeros([b, d!]), tf.zeros([b, d!])];
    const states: tf.Tensor[] = [];
    for (const input of inputs) {
      const [gates, candidate] = tf.split(tf.add(input, dense(hidden, 'h2h')), [3 * d!, d!], 1);
      const [enter, forget, leave] = tf.split(tf.sigmoid(gates), 3, 1);
      cell = norm(tf.add(tf.mul(cell, forget), tf.mul(enter, tf.tanh(candidate))), p, `params.${i}.ln_cell`);
      hidden = dropout(tf.mul(leave, tf.tanh(cell)), config.dropout, noise);
      states.push(hidden);
    }
    x = tf.stack(i === config.n_layer - 1 ? states.slice(t - read) : states);
  }
  return x;
}

export const lstm: Body<LstmConfig> = {
  title: 'LSTM, layer-normalised',
  deviation: () =>
    'Initial states are zero. The code of the paper draws them at random at every forward pass, even in evaluations.',
  configure: (config, { n_layer, n_embd, n_positions, body_dropout }) => ({
    n_layer: n_layer ?? config.n_layer,
    n_embd: n_embd ?? config.n_embd,
    n_positions: n_positions ?? config.n_positions,
    dropout: body_dropout ?? config.dropout,
  }),
  parameters,
  unused: [],
  notLoaded: [],
  width: (config) => config.n_embd,
  heads: () => 1,
  longest: (config) => config.n_positions,
  freezeFlag: (name) => (name.includes('.ln_') ? 'freeze_ln' : null),
  /** U(±1/√width) for all parameters, even gains and biases of norms, as in the paper's code. */
  initial: (name, { n_embd }) => ({ uniform: 1 / Math.sqrt(/ln_[ih]2h/.test(name) ? 4 * n_embd : n_embd) }),
  /** No weights are published. Checkpoints of our runs have these names after the prefix. */
  fromCheckpoint: unwrapped((names) => {
    const own = names.filter((name) => name.startsWith(bodyPrefix));
    return new Map(own.map((name) => [name.slice(bodyPrefix.length), { name }]));
  }),
  readout: 'last tokens',
  forward,
};
