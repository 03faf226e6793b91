/** What a run takes on a graphics card, planned before anything is allocated there. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCards } from '#app/gpuMemory';
import type { GpuMemory } from '#contract/catalogue';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import type { Gpu } from '#engine/wgsl/gpu';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { compileLearner } from '#trainer/learner';
import { planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';
import { gpuDevices } from '../parity/devices.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-plan-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const program = fileURLToPath(import.meta.resolve('#trainer/planGpu'));
const planned = (config: ExperimentConfig, environment: NodeJS.ProcessEnv = {}): GpuMemory =>
  JSON.parse(
    execFileSync(process.execPath, [program, home, JSON.stringify(config)], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    }),
  );
const onGpu = { task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50, device: 'webgpu', pretrained: false };
const noCard = { VK_ICD_FILENAMES: '/nowhere' };

it('GPT-2 large trained whole is planned in seconds: its values, gradients and moments, and the activations', () => {
  const config = parseConfig({
    ...onGpu,
    model_name: 'gpt2-large',
    freeze_trans: false,
    gpu_batch_size: 5,
    batch_size: 25,
  });
  const { bytes, problem } = planned(config, noCard);
  expect(problem).toBeNull();
  // 774 million parameters, two moments and the sum of gradients of each
  expect(bytes).toBeGreaterThan(4 * 4 * 7.08e8);
  expect(bytes).toBeLessThan(20e9);
  expect(withCards({ bytes, problem }, [8e9, 12e9]).problem).toMatch(
    /^The run takes 1\d(\.\d)? GB on the graphics card, and no/,
  );
  expect(withCards({ bytes, problem }, [80e9]).problem).toBeNull();
  expect(withCards({ bytes, problem }, []).problem).toBeNull();
});

/** The same GPU; adds up the buffers that are made on it. */
const weighing = (gpu: Gpu, made: { bytes: number }): Gpu =>
  new Proxy(gpu, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (key === 'createBuffer') made.bytes += (args[0] as { size: number }).size;
        return Reflect.apply(value, target, args);
      };
    },
  });

describe.each(gpuDevices)('on $name', (device) => {
  it.each([true, false])('a run with freeze_trans %s takes what was planned', async (freeze_trans) => {
    const config = parseConfig({ ...onGpu, n_layer: 2, n_embd: 128, n_head: 4, n_positions: 128, freeze_trans });
    const task = taskOf(config);
    const shape = task.shape(config);
    const model = buildModel(config, shape);
    const weights = prepareWeights({ config, model, home, log: () => {} });
    const made = { bytes: 0 };
    const on = device.kind === 'wgsl' ? { ...device, gpu: weighing(device.gpu, made) } : device;
    const plan = planOf(config, task.readsWholeBatches);
    const learner = await compileLearner({ config, task, shape, model, plan, weights, dataset: null, device: on });
    await learner.release();
    const { bytes } = planned(config);
    const beside = 5e6; // parameters of kernels, slots for outputs
    expect(made.bytes).toBeGreaterThanOrEqual(bytes!);
    expect(made.bytes).toBeLessThan(bytes! + beside);
    expect(bytes).toBeGreaterThan(5 * beside);
  });
});
