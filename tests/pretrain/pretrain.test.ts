import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { readSafetensors, tensorData } from '#formats/safetensors';
import { bytesSource } from '#formats/source';
import { gpt2, gpt2Configs } from '#models/gpt2';
import { languageModel } from '#models/languageModel';
import { evalProgram } from '#models/steps';
import { readCorpus, windows } from '#pretrain/corpus';
import { bigramLoss, unigramLoss } from '#pretrain/ngrams';
import { crossEntropy } from '#tasks/losses';
import { openDevices } from '#trainer/device';
import { readArchitecture } from '#zoo/architecture';

it('the corpus consists of whole documents, and a twentieth of them is held out', () => {
  const { train, heldOut, documents } = readCorpus();
  expect(documents.heldOut).toBe(Math.floor((documents.train + documents.heldOut) / 20));
  expect(train.length).toBeGreaterThan(10e6);
  const text = Buffer.from(train).toString();
  expect(text).toContain('Call me Ishmael');
  for (const part of Buffer.from(heldOut)
    .toString()
    .split('\n\n')
    .filter((p) => p.length > 400)) {
    expect(text.includes(part)).toBe(false);
  }
});

it('unigrams and bigrams have the cross entropies of their counts', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(unigramLoss(bytes('aab'), bytes('ab'))).toBeCloseTo(-(Math.log(3 / 259) + Math.log(2 / 259)) / 2, 12);
  expect(bigramLoss(bytes('abab'), bytes('ab'))).toBeCloseTo(-Math.log(3 / 258), 12);
  const repeated = bytes('abc'.repeat(100_000));
  expect(bigramLoss(repeated, repeated)).toBeLessThan(0.01);
});

it('the embedded body predicts unseen text as well as its record says, and better than bigrams', async () => {
  const folder = join(import.meta.dirname, '../../resources/zoo/permafrost-nano');
  const record = JSON.parse(readFileSync(join(folder, 'pretraining.json'), 'utf8'));
  const source = bytesSource(readFileSync(join(folder, 'model.safetensors')));
  const { tensors } = readSafetensors(source);
  const model = languageModel(gpt2Configs['permafrost-nano']);
  expect([...tensors.keys()]).toEqual(Object.keys(model.parameters));
  const initial = [...tensors].map(([name, tensor]) => {
    expect(tensor.shape, name).toEqual(model.parameters[name]);
    return [name, { shape: tensor.shape, data: tensorData(source, tensor) as Float32Array }] as const;
  });
  const { heldOut } = readCorpus();
  const size = { batch: 64, tokens: record.tokens as number };
  const window = { shape: [size.batch, size.tokens], dtype: 'int32' as const };
  const step = await compileStep(
    evalProgram({ model, loss: (logits, y) => crossEntropy(logits, tf.reshape(y, [-1])) }),
    {
      state: createState(Object.fromEntries(initial)),
      inputs: { x: window, y: window },
      device: (await openDevices('cpu'))[0],
    },
  );
  const spread = Math.floor(heldOut.length / size.batch) - 1; // windows from the whole text
  const { loss } = await step.run(windows(heldOut, size, (sample) => sample * spread));
  await step.release();
  expect(Math.abs(loss[0] - record.heldOut)).toBeLessThan(0.06);
  expect(loss[0]).toBeLessThan(record.bigram / 1.5);
  expect(record.bigram).toBeLessThan(record.unigram);
});

it('the embedded body permafrost-nano-bits has learnt bit memory, and its file contains only the body', () => {
  const folder = join(import.meta.dirname, '../../resources/zoo/permafrost-nano-bits');
  const record = JSON.parse(readFileSync(join(folder, 'pretraining.json'), 'utf8'));
  expect(record.accuracy).toBeGreaterThan(0.99);
  const { tensors } = readSafetensors(bytesSource(readFileSync(join(folder, 'model.safetensors'))));
  const { 'wte.weight': unused, ...needed } = gpt2.parameters(gpt2Configs['permafrost-nano-bits']);
  expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(needed);
});

it('the objective bit-memory writes a checkpoint of only the body, which another run can freeze', async () => {
  const out = mkdtempSync(join(tmpdir(), 'permafrost-pretrain-'));
  const main = fileURLToPath(import.meta.resolve('#pretrain/main'));
  try {
    await promisify(execFile)(process.execPath, [main, '--objective', 'bit-memory', '--steps', '2', '--out', out]);
    const { tensors } = readSafetensors(bytesSource(readFileSync(join(out, 'model.safetensors'))));
    const { 'wte.weight': unused, ...needed } = gpt2.parameters(gpt2Configs['permafrost-nano']);
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(needed);
    expect(readArchitecture(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')), 'bits').config).toMatchObject({
      n_layer: 4,
      n_positions: 128,
    });
    const record = JSON.parse(readFileSync(join(out, 'pretraining.json'), 'utf8'));
    expect(record).toMatchObject({ steps: 2, floor: 0.75, samples: 1024 });
    expect(Math.abs(record.accuracy - 0.625)).toBeLessThan(0.15); // untrained: between half of the bits and three quarters
  } finally {
    rmSync(out, { recursive: true });
  }
});
