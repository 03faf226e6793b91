/** A run without iterations: published or random weights on the whole test set, nothing trained. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { FinalResult } from '#contract/run';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { loadDataset } from '#zoo/datasets';
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
}, 120_000);
