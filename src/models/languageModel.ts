/**
 * A GPT-2 body as a language model, which predicts the next token and uses the token embeddings as its output layer too.
 * Its parameters have the names of a bare GPT-2 checkpoint (`wte.weight`, `h.0…`).
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Gpt2Config, gpt2 } from './gpt2.ts';
import { initialize } from './initialize.ts';
import { keptByBlocks } from './memory.ts';
import type { Model } from './model.ts';

/** The model's forward pass: ids [b, t] → logits [b·t, vocabulary], sequence by sequence. */
export function languageModel(config: Gpt2Config): Model {
  const parameters = gpt2.parameters(config);
  return {
    parameters,
    bodyConfig: config,
    kept: (tokens) => keptByBlocks(config.n_layer, config.n_embd, config.n_head, tokens),
    isTrainable: () => true,
    freezeFlag: () => null,
    isUsed: () => true,
    isLoaded: () => true,
    fromCheckpoint: gpt2.fromCheckpoint,
    initialValue: (name, seed) => initialize(gpt2.initial(name, config), parameters[name], seed, name),
    forward(p, ids, noise) {
      const [b, t] = ids.shape as [number, number];
      const rows = tf.gather(p['wte.weight'], tf.reshape(tf.transpose(ids), [t * b]));
      const states = gpt2.forward(p, tf.reshape(rows, [t, b, config.n_embd]), config, noise, t); // [t, b, d]
      const flat = tf.reshape(tf.transpose(states, [1, 0, 2]), [b * t, config.n_embd]);
      return tf.matMul(flat, p['wte.weight'], false, true);
    },
  };
}
