import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import type { Device } from '#engine/device';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { chooseDevice } from '#trainer/chooseDevice';
import { compileLearner, type Learner } from '#trainer/learner';
import { mean, planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';
import { loadDataset } from '#zoo/loadDataset';
import { difference, eagerCpu, tracedCpu } from '../engine/devices.ts';
import { type Lab, openLab, tiny } from './lab.ts';

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.remove());

async function learnerOf(settings: object, device: Device = tracedCpu): Promise<Learner> {
  const config = parseConfig({ ...tiny, ...settings });
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const weights = prepareWeights({ config, model, home: lab.home, log: () => {} });
  const dataset = task.dataset === null ? null : (await loadDataset(task.dataset, { home: lab.home })).dataset;
  const plan = planOf(config, task.readsWholeBatches);
  const mapping = device.kind === 'onnx' ? { ...device, weightFolder: weights.folder } : device;
  return compileLearner({ config, task, shape, model, plan, weights, dataset, device: mapping });
}

/** Losses and gradient norms of the first steps, and all parameters after them. */
async function trajectory(learner: Learner, steps: number) {
  const path: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { loss, gradNorm } = await (await learner.train(i)).read();
    path.push(loss, gradNorm);
  }
  const values = Object.keys(learner.state.specs)
    .filter((name) => /^(in|out)_net/.test(name))
    .flatMap((name) => [...learner.state.get(name)]);
  return { path, values };
}

it('a run has the same losses and weights traced and eager, dropout included', async () => {
  const settings = { body_dropout: 0.1, dropout: 0.1, learning_rate: 0.001 };
  const traced = await trajectory(await learnerOf(settings), 5);
  const eager = await trajectory(await learnerOf(settings, eagerCpu), 5);
  expect(difference(eager.path, traced.path)).toBeLessThan(1e-4);
  expect(difference(eager.values, traced.values)).toBeLessThan(1e-4);
});

it('micro-batches of an image task give the same losses as the whole batch', async () => {
  const settings = {
    ...{ task: 'mnist', patch_size: 14, n: null, num_patterns: null },
    ...{ batch_size: 8, body_dropout: 0, dropout: 0, learning_rate: 0.001 },
  };
  const whole = await trajectory(await learnerOf({ ...settings, gpu_batch_size: 8 }), 5);
  const parts = await trajectory(await learnerOf({ ...settings, gpu_batch_size: 2 }), 5);
  expect(difference(parts.path, whole.path)).toBeLessThan(1e-4);
  expect(difference(parts.values, whole.values)).toBeLessThan(1e-4);
});

it('a run on auto uses the device with the fastest steps and skips one that fails', async () => {
  const slow: Device = { ...eagerCpu, name: 'slow' };
  const broken: Device = { ...eagerCpu, name: 'broken', backend: 'nowhere' };
  const logged: string[] = [];
  const log = (_level: string, text: string) => void logged.push(text);
  const compile = (device: Device) => learnerOf({}, device);
  expect(await chooseDevice([broken, slow, tracedCpu], compile, { totalSteps: 9 }, { log })).toBe(tracedCpu);
  expect(logged[0]).toMatch(/^broken cannot run this config: .*nowhere/);
  expect(logged[1]).toMatch(/^slow: [\d.]+ ms per step\.$/);
  expect(logged).toHaveLength(3);
  expect(await chooseDevice([slow], () => Promise.reject(new Error('is not tried')), { totalSteps: 9 }, { log })).toBe(
    slow,
  );
});

describe('an evaluation', () => {
  it('has no dropout and moves nothing', async () => {
    const learner = await learnerOf({ body_dropout: 0.5, dropout: 0.5 });
    const before = structuredClone([...learner.state.get('out_net.0.weight')]);
    const first = await learner.evaluate('test', 0, 3);
    expect(await learner.evaluate('test', 0, 3)).toEqual(first);
    expect([...learner.state.get('out_net.0.weight')]).toEqual(before);
  });

  it('gives the score of every sample and the means of its batches', async () => {
    const learner = await learnerOf({});
    const whole = await learner.evaluate('test', 2, 2);
    const parts = [await learner.evaluate('test', 2, 1), await learner.evaluate('test', 3, 1)];
    expect(whole!.scores).toHaveLength(16);
    expect([...whole!.scores]).toEqual(parts.flatMap((part) => [...part!.scores]));
    expect(whole!.loss).toBe(mean(parts.map((part) => part!.loss)));
    expect(whole!.metric).toBeCloseTo(mean(whole!.scores), 12);
  });

  it('is null when it is cancelled midway', async () => {
    const learner = await learnerOf({});
    let looks = 0;
    expect(await learner.evaluate('final', 0, 100, () => ++looks === 3)).toBeNull();
    expect(looks).toBe(3);
  });
});
