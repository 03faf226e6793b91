/**
 * `npm run pretrain`: makes the embedded body resources/zoo/permafrost-nano from scratch. A small GPT-2 learns to predict the
 * next byte of public-domain English; its held-out loss is recorded beside those of unigrams and bigrams.
 * The seed decides everything except rounding, which may differ between processors.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '#contract/random';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import { warmupCosine } from '#engine/schedule';
import { createState, type Initial } from '#engine/state';
import { compileStep } from '#engine/step';
import { toHalves } from '#formats/half';
import { safetensorsHeader } from '#formats/safetensors';
import { gpt2Configs } from '#models/gpt2';
import { languageModel } from '#models/languageModel';
import { evalProgram, type Recipe, recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { crossEntropy } from '#tasks/losses';
import { openDevices } from '#trainer/device';
import { readCorpus, windows } from './corpus.ts';
import { bigramLoss, unigramLoss } from './ngrams.ts';

const name = 'permafrost-nano';
const seed = 0;
const batch = 16;
const learningRate = 3e-3;
const warmup = 200;

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '2000' },
    out: { type: 'string', default: join(import.meta.dirname, '..', '..', 'resources', 'zoo', name) },
  },
});
const steps = Number(options.steps);

const config = { ...gpt2Configs[name], embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 }; // under one epoch: nothing to regularise
const tokens = config.n_positions;
const corpus = readCorpus();
const model = languageModel(config);
const recipe: Recipe = {
  model,
  loss: (logits, y) => crossEntropy(logits, tf.reshape(y, [-1])),
  optimizer: chain(clipByGlobalNorm(1), adam({ lr: warmupCosine(learningRate, warmup, steps), beta2: 0.99 })),
};
const parameters = trainedNames(model);
const initial = parameters.map((name): [string, Initial] => [
  name,
  { shape: model.parameters[name], data: model.initialValue(name, seed) },
]);
const state = createState({ ...Object.fromEntries(initial), ...recipeSlots(recipe, false) });
const [device] = await openDevices('cpu');
const window = { shape: [batch, tokens], dtype: 'int32' as const };
const train = await compileStep(trainProgram(recipe), {
  state,
  inputs: { x: window, y: window },
  device,
});
const evaluate = await compileStep(evalProgram(recipe), { state, inputs: { x: window, y: window }, device });

/** Nats per byte over the whole held-out text, in windows one after the other; a last partial batch is left out. */
async function heldOutLoss(): Promise<number> {
  const text = corpus.heldOut;
  const batches = Math.floor((text.length - 1) / (batch * tokens));
  let sum = 0;
  for (let i = 0; i < batches; i++) {
    const { loss } = await evaluate.run(windows(text, { batch, tokens }, (sample) => (i * batch + sample) * tokens));
    sum += loss[0];
  }
  return sum / batches;
}

const start = performance.now();
let recent = 0;
const every = 100;
for (let step = 0; step < steps; step++) {
  const random = randomStream(seed, 'pretrain', step);
  const { loss } = await train.run(
    windows(corpus.train, { batch, tokens }, () => random.below(corpus.train.length - tokens)),
  );
  if (!Number.isFinite(loss[0]))
    throw new Error(`The loss became ${loss[0]} at step ${step + 1}; lower the learning rate.`);
  recent += loss[0];
  if ((step + 1) % every !== 0) continue;
  console.log(
    `${step + 1}/${steps}  ${(recent / every).toFixed(4)} nats/byte  ${Math.round((performance.now() - start) / 1000)} s`,
  );
  recent = 0;
}

const minutes = (performance.now() - start) / 60000;
const record = {
  heldOut: await heldOutLoss(),
  bigram: bigramLoss(corpus.train, corpus.heldOut),
  unigram: unigramLoss(corpus.train, corpus.heldOut),
  unit: 'nats per byte',
  trainBytes: corpus.train.length,
  heldOutBytes: corpus.heldOut.length,
  documents: corpus.documents,
  steps,
  batch,
  tokens,
  learningRate,
  warmup,
  seed,
  minutes: Number(minutes.toFixed(1)),
  machine: `${availableParallelism()} × ${cpus()[0].model.trim()}, Node ${process.version.slice(1)}`,
};
console.log(record);

mkdirSync(options.out, { recursive: true });
const specs = Object.fromEntries(
  parameters.map((name) => [name, { shape: model.parameters[name], dtype: 'F16' as const }]),
);
const file = [
  safetensorsHeader(specs, { format: 'pt' }).header,
  ...parameters.map((name) => Buffer.from(toHalves(state.get(name) as Float32Array).buffer)),
];
writeFileSync(join(options.out, 'model.safetensors'), Buffer.concat(file));
const gpt2Keys = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], activation_function: 'gelu_new' };
writeFileSync(join(options.out, 'config.json'), `${JSON.stringify({ ...gpt2Keys, ...gpt2Configs[name] }, null, 2)}\n`);
writeFileSync(join(options.out, 'pretraining.json'), `${JSON.stringify(record, null, 2)}\n`);
process.exit(0);
