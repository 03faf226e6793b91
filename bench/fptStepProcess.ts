/**
 * Our side of the fpt-step benchmark, in a process of its own so that its memory can be read.
 * Prints one JSON object. Usage: node fptStepProcess.ts DEVICE BATCH DROPOUT STEPS THREADS [unfrozen]
 */
process.env.ORT_DISABLE_TELEMETRY = '1';

import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import * as tf from '@tensorflow/tfjs-core';
import { parseConfig } from '#contract/config';
import { adam, constant } from '#engine/optim';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { buildModel, type Model } from '#models/index';
import { recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { taskOf } from '#tasks/index';
import { loadDataset } from '#zoo/datasets';
import { type DeviceName, openUntried } from '../src/trainer/device.ts';

const deviceName = process.argv[2] as DeviceName;
const [batch, dropout, steps, threads] = process.argv.slice(3, 7).map(Number);
const unfrozen = process.argv.includes('unfrozen');
const cache = join(import.meta.dirname, '.cache');

const config = parseConfig({
  task: 'mnist',
  patch_size: 4,
  pretrained: false,
  freeze_trans: !unfrozen,
  dropout,
  body_dropout: dropout,
  batch_size: batch,
  gpu_batch_size: batch,
});
const task = taskOf(config);
const shape = task.shape(config);
const model = buildModel(config, shape);
const names = Object.keys(model.parameters).filter(model.isUsed);
const size = (name: string) => model.parameters[name].reduce((a, b) => a * b, 1);

/** All parameters of a random GPT-2 small in one file, written once. */
async function weightFile(model: Model): Promise<string> {
  const name = 'gpt2-random.bin';
  const path = join(cache, name);
  if (existsSync(path)) return name;
  mkdirSync(cache, { recursive: true });
  const stream = createWriteStream(`${path}.part`);
  for (const parameter of names) stream.write(new Uint8Array(model.initialValue(parameter, 1).buffer));
  stream.end();
  await finished(stream);
  renameSync(`${path}.part`, path); // rename last: the file's existence means it is whole
  return name;
}
const file = await weightFile(model);
let offset = 0;
const frozen = Object.fromEntries(
  names.flatMap((name) => {
    const place = { name: file, offset, length: 4 * size(name) };
    offset += place.length;
    if (model.isTrainable(name)) return [];
    return [[name, { shape: model.parameters[name], file: place, read: () => model.initialValue(name, 1) }]];
  }),
);

const device = await openUntried(deviceName, { threads, weightFolder: cache });
const recipe = { model, loss: task.loss(config), optimizer: adam(), schedule: constant(), clip: 1 };
const initial = Object.fromEntries(
  trainedNames(model).map((name) => [name, { shape: model.parameters[name], data: model.initialValue(name, 1) }]),
);
const state = createState({ ...initial, ...recipeSlots(recipe, false) });
const inputs = {
  x: { shape: [batch, shape.tokens, shape.width] },
  y: { shape: [batch], dtype: 'int32' as const },
  lr: { shape: [] },
};
const step = await compileStep(trainProgram(recipe), { state, inputs, frozen, device });
const { dataset } = await loadDataset('mnist', { home: cache });
const batches = task.batches(config, dataset, { seed: 0, sizes: { train: batch, test: batch, final: batch } });

const seconds: number[] = [];
const dataSeconds: number[] = [];
for (let i = 0; i <= steps; i++) {
  const start = performance.now();
  const { x, y } = batches.batch('train', i);
  dataSeconds.push((performance.now() - start) / 1000);
  await step.run({ x, y, lr: Float32Array.of(1e-3) }, [0, i]);
  seconds.push((performance.now() - start) / 1000);
}
const status = readFileSync('/proc/self/status', 'utf8');
const rssMb = Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;

/** Rate of one large product of the step, by the same runtime: 784 × 768 × 3072. */
async function gemmRate(): Promise<number> {
  const [m, k, n] = [784, 768, 3072];
  const product = await compileStep(
    ({ inputs, frozen }) => ({ outputs: { y: tf.matMul(inputs.a, frozen.b).slice([0, 0], [1, 1]) } }),
    {
      state: createState({}),
      inputs: { a: { shape: [m, k] } },
      frozen: { b: { shape: [k, n], read: () => new Float32Array(k * n).fill(0.5) } },
      device,
    },
  );
  const a = new Float32Array(m * k).fill(0.5);
  const times: number[] = [];
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    await product.run({ a });
    times.push((performance.now() - start) / 1000);
  }
  return (2 * m * k * n) / times.sort((x, y) => x - y)[3] / 1e9;
}

console.log(
  JSON.stringify({
    seconds: seconds.slice(1),
    dataSeconds: dataSeconds.slice(1),
    rssMb,
    sessionSeconds: step.stats.compileMs / 1000,
    traceSeconds: step.stats.traceMs / 1000,
    nodes: step.stats.nodes,
    gemmGflops: await gemmRate(),
  }),
);
process.exit(0);
