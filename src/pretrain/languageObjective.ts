/** Pretraining on the next byte of public-domain English. The record compares the held-out loss with those of unigrams and bigrams. */
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '#contract/random';
import { gpt2Configs } from '#models/gpt2';
import { languageModel } from '#models/languageModel';
import { crossEntropy } from '#tasks/losses';
import { readCorpus, windows } from './corpus.ts';
import { bigramLoss, unigramLoss } from './ngrams.ts';
import { batchSize as batch, type Objective, seed } from './objective.ts';

export function languageObjective(): Objective {
  const config = gpt2Configs['permafrost-nano'];
  const tokens = config.n_positions;
  const corpus = readCorpus();
  const window = { shape: [batch, tokens], dtype: 'int32' as const };
  return {
    body: 'permafrost-nano',
    config,
    model: languageModel({ ...config, embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 }), // less than one epoch, so no dropout
    inputs: { x: window, y: window },
    loss: (logits, y) => crossEntropy(logits, tf.reshape(y, [-1])),
    batch(step) {
      const random = randomStream(seed, 'pretrain', step);
      return windows(corpus.train, { batch, tokens }, () => random.below(corpus.train.length - tokens));
    },
    nameInCheckpoint: (parameter) => parameter,
    async record(evaluate) {
      const text = corpus.heldOut;
      const batches = Math.floor((text.length - 1) / (batch * tokens)); // a last partial batch is left out
      let sum = 0;
      for (let i = 0; i < batches; i++)
        sum += (await evaluate(windows(text, { batch, tokens }, (sample) => (i * batch + sample) * tokens))).loss[0];
      return {
        heldOut: sum / batches,
        bigram: bigramLoss(corpus.train, text),
        unigram: unigramLoss(corpus.train, text),
        unit: 'nats per byte',
        trainBytes: corpus.train.length,
        heldOutBytes: text.length,
        documents: corpus.documents,
        tokens,
      };
    },
    unit: 'nats/byte',
    steps: 2000,
    learningRate: 3e-3,
  };
}
