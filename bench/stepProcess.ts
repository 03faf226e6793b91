/**
 * `node stepProcess.ts '{"config": {…}, "device": "cpu", "threads": 2, "steps": 5}'` measures our training steps, in a separate
 * process so that its memory can be measured. Prints one JSON object.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parseConfig } from '#contract/config';
import type { StartedStep } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import type { Batch } from '#tasks/task';
import { type DeviceName, openUntried } from '#trainer/device';
import { programsOf } from '#trainer/programs';
import { planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';
import { loadDataset } from '#zoo/loadDataset';

export interface StepSetting {
  /** Fields of a config. */
  config: Record<string, unknown>;
  device: DeviceName;
  threads: number;
  /** Number of timed steps, which follow one step of warm-up. */
  steps: number;
}
export interface StepFigures {
  seconds: number[];
  /** A step where steps follow each other unread, as in training; null where a step is done when it returns. */
  flowSeconds: number | null;
  /** The device that was opened. */
  device: string;
  /** The part of each step's time that was spent on making its batch. */
  dataSeconds: number[];
  rssMb: number;
  traceSeconds: number;
  sessionSeconds: number;
  gemmGflops: number;
  /** Shape of x and number of trained values, to check that both sides do the same. */
  shape: number[];
  trained: number;
}

const setting: StepSetting = JSON.parse(process.argv[2]);
const cache = join(import.meta.dirname, '.cache');
const config = parseConfig({ pretrained: false, ...setting.config });
const batch = config.batch_size;
const task = taskOf(config);
const shape = task.shape(config);
const model = buildModel(config, shape);
const weights = prepareWeights({ config, model, home: cache, log: () => {} });
const device = await openUntried(setting.device, {
  ...{ threads: setting.threads, weightFolder: weights.folder },
  home: cache, // keeps the fastest tiles of products
  precision: config.precision,
});
const programs = programsOf({ config, task, shape, model, plan: planOf(config, task.readsWholeBatches) });
const state = createState({ ...weights.trained, ...programs.slots });
const { program, inputs } = programs.forward({ tokens: shape.lengths?.[0] ?? shape.tokens });
const step = await compileStep(program, { state, inputs, frozen: weights.frozen, device });

/** Makes batches: of MNIST's digits if the task uses them, otherwise of zeros and ones, which are valid inputs for every task. */
async function batchMaker(): Promise<(index: number) => Pick<Batch, 'x' | 'y'>> {
  if (task.dataset === 'mnist') {
    const { dataset } = await loadDataset('mnist', { home: cache });
    const batches = task.batches(config, dataset, { seed: 0, sizes: { train: batch, test: batch, final: batch } });
    return (index) => batches.batch('train', index);
  }
  const size = (name: 'x' | 'y') => inputs[name].shape.reduce((a, b) => a * b, 1);
  const x = Float32Array.from({ length: size('x') }, (_, i) => (i * 7) % 2);
  const y = shape.targetType === 'int32' ? new Int32Array(size('y')) : new Float32Array(size('y'));
  return () => ({ x, y });
}
const makeBatch = await batchMaker();

const seconds: number[] = [];
const dataSeconds: number[] = [];
for (let i = 0; i <= setting.steps; i++) {
  const start = performance.now();
  const { x, y } = makeBatch(i);
  dataSeconds.push((performance.now() - start) / 1000);
  await step.run({ x, y }, [0, i]);
  seconds.push((performance.now() - start) / 1000);
}

/** Seconds a step of steps that are started one after the other and read at the end. */
async function flow(): Promise<number> {
  const start = performance.now();
  const started: StartedStep[] = [];
  for (let i = 0; i < setting.steps; i++) {
    const { x, y } = makeBatch(i);
    started.push(await step.start({ x, y }, [1, i]));
  }
  await started.at(-1)!.outputs();
  return (performance.now() - start) / 1000 / setting.steps;
}
const flowSeconds = device.kind === 'wgsl' ? await flow() : null;
const status = readFileSync('/proc/self/status', 'utf8');
const rssMb = Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;

/** GFLOP/s of one large matrix product of the step, 784 × 768 × 3072, in the same runtime. */
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

const figures: StepFigures = {
  seconds: seconds.slice(1),
  flowSeconds,
  device: device.name,
  dataSeconds: dataSeconds.slice(1),
  rssMb,
  traceSeconds: step.stats.traceMs / 1000,
  sessionSeconds: step.stats.compileMs / 1000,
  gemmGflops: await gemmRate(),
  shape: inputs.x.shape,
  trained: Object.values(weights.trained).reduce((sum, { data }) => sum + data.length, 0),
};
console.log(JSON.stringify(figures));
process.exit(0);
