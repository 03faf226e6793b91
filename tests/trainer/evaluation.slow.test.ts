/** A run without iterations: published or random weights on the whole test set, nothing trained. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAnalyst } from '#analysis/jobs';
import type { Attention } from '#contract/analysis';
import { parseConfig } from '#contract/config';
import type { FinalResult } from '#contract/run';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { loadDataset } from '#zoo/loadDataset';
import { wavFile } from '../formats/samples.ts';
import { writeFiles } from '../zoo/archives.ts';
import { endOf, entriesOf, finishRun, isKind, type Lab, metricsOf, openLab, tensorsOf } from './lab.ts';
import '@tensorflow/tfjs-backend-cpu';

const words = ['zero', 'one', 'yes', 'no', 'cat', 'dog'];
const clip = (k: number) =>
  wavFile(Int16Array.from({ length: 9000 + 1000 * k }, (_, i) => 8000 * Math.sin((i * (k + 1)) / 30)));

let lab: Lab;
beforeAll(() => {
  lab = openLab();
  const clips = words.map((word, k) => [`${word}/a_nohash_${k}.wav`, clip(k)] as const);
  writeFiles(join(lab.home, 'data/speech-commands'), {
    ...Object.fromEntries(clips),
    'bed/b_nohash_0.wav': clip(9),
    'validation_list.txt': '',
    'testing_list.txt': clips.map(([path]) => path).join('\n'),
  });
});
afterAll(() => lab.remove());

it('the Audio Spectrogram Transformer is evaluated on every test clip once, and nothing is trained', async () => {
  const settings = {
    ...{ task: 'speech-commands-mel', model_name: 'ast', pretrained: false, n_layer: 1, n_embd: 16, n_head: 2 },
    ...{ n: null, num_patterns: null, n_positions: null, initializer_range: 0.3 },
    ...{ num_iters: 0, batch_size: 3, gpu_batch_size: 3, final_test_samples: words.length },
  };
  const run = lab.addRun('evaluation', settings);
  const exit = await finishRun(run);
  expect(exit).toMatchObject({ code: 0, stderr: '' });
  const result = endOf(run).result as FinalResult;
  expect(result).toMatchObject({ samples: 6, steps: 0, iterations: 0, iteration: 0, last100: result.value });
  expect(metricsOf(run)).toEqual([]);
  expect(entriesOf(run).find(isKind('started'))?.body).toMatchObject({ trainable: 0, totalSteps: 0 });
  expect(tensorsOf(run).best).toEqual({});

  // the same by the eager backend: tfjs on the clips one by one
  await tf.setBackend('cpu');
  const config = parseConfig({ ...settings, early_stop: null });
  const task = taskOf(config);
  const model = buildModel(config, task.shape(config));
  const { dataset, close } = await loadDataset('speech-commands', { home: lab.home });
  const sizes = { train: 1, test: 1, final: 1 };
  const batches = task.batches(config, dataset, { seed: config.seed, sizes });
  const loss = tf.tidy(() => {
    const p = Object.fromEntries(
      Object.entries(model.parameters).map(([name, shape]) => [
        name,
        tf.tensor(model.initialValue(name, config.seed), shape),
      ]),
    );
    const losses = words.map((_, i) => {
      const { x, y } = batches.batch('final', i);
      return task.loss(config)(model.forward(p, tf.tensor(x, [1, 128, 128]), null), tf.tensor(y, [1], 'int32'));
    });
    return tf.mean(tf.stack(losses)).dataSync()[0];
  });
  close();
  expect(Math.abs(result.loss / loss - 1)).toBeLessThan(1e-4);

  const analyst = createAnalyst();
  const place = { folder: run.folder, home: lab.home };
  const maps = await analyst.ask('attention', { ...place, checkpoint: 'start', sample: 0 }).finally(analyst.close);
  expectMaps(maps[0], { layers: 1, heads: 2, tokens: 146 });
  expect(maps[0].tokens.slice(0, 4)).toEqual(['class', 'distillation', '0,0', '0,1']);
}, 120_000);

it('the Molecule Attention Transformer trains on molecules in space, and its attention maps name atoms', async () => {
  const molecules = ['c1ccccc1', 'CCO', 'CCN', 'C1CCCCC1', 'Cc1ccccc1', 'CCCl', 'CC(=O)O', 'c1ccncc1'];
  const lines = molecules.map((smiles, i) => `${i}.0\t${smiles}\t${i % 2}`);
  writeFiles(join(lab.home, 'data/cyp3a4-graph'), { 'cyp3a4_veith.tab': `Drug_ID\tDrug\tY\n${lines.join('\n')}\n` });
  const run = lab.addRun('molecules', {
    ...{ task: 'cyp3a4-graph', model_name: 'mat', freeze_trans: false, n_layer: 2, n_embd: 32, n_head: 4 },
    ...{
      n: 32,
      num_patterns: null,
      n_positions: null,
      num_iters: 6,
      learning_rate: 0.003,
      batch_size: 4,
      gpu_batch_size: 4,
    },
  });
  expect(await finishRun(run)).toMatchObject({ code: 0, stderr: '' });
  const losses = metricsOf(run).flatMap((line) =>
    line.startsWith('train_loss ') ? [Number(line.split(' ').at(-1))] : [],
  );
  expect(losses).toHaveLength(60);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(losses.slice(-10))).toBeLessThan(0.8 * mean(losses.slice(0, 10))); // it memorises these few clips
  const analyst = createAnalyst();
  const place = { folder: run.folder, home: lab.home };
  const [map] = await analyst.ask('attention', { ...place, checkpoint: 'last', sample: 0 }).finally(analyst.close);
  expect(map.tokens[0]).toBe('dummy');
  expect(map.tokens[1]).toMatch(/^(C|N|O|Cl)$/);
  expect(map.layers.map((weights) => weights.length)).toEqual([0, 1].map(() => 4 * map.tokens.length ** 2));
}, 120_000);

function expectMaps({ layers, heads, tokens }: Attention, expected: { layers: number; heads: number; tokens: number }) {
  expect({ layers: layers.length, heads, tokens: tokens.length }).toEqual(expected);
  for (const weights of layers) {
    expect(weights).toHaveLength(heads * tokens.length ** 2);
    for (let row = 0; row < heads * tokens.length; row++) {
      const looks = weights.subarray(row * tokens.length, (row + 1) * tokens.length);
      expect(looks.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    }
  }
}
