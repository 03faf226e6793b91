/** An adapter that allows no more than WebGPU promises. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { openGpu } from '#trainer/gpu';
import { gpuDevices } from '../../parity/devices.ts';
import { difference, tracedCpu } from '../devices.ts';
import { someBatch, trainingStep } from './trainingStep.ts';

const promised = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
};

describe.skipIf(gpuDevices.length === 0)('an adapter with the smallest limits', () => {
  const said: string[] = [];
  const open = () => openGpu({ limits: promised, say: (line) => said.push(line), fallback: async () => tracedCpu });

  it('trains a body as the CPU does', async () => {
    const settings = { task: 'mnist', patch_size: 7, model_name: 'gpt2', n_layer: 2, n_embd: 32, n_head: 4 };
    const first = async (device: Parameters<typeof compileStep>[1]['device']) => {
      const { program, state, inputs, frozen } = trainingStep({
        ...{ ...settings, freeze_trans: false, batch_size: 2, gpu_batch_size: 2 },
      });
      const step = await compileStep(program, { state, inputs, frozen, device });
      const { loss, gradNorm } = await step.run(someBatch(inputs, 0), [1, 0]);
      await step.release();
      await state.release();
      return [loss[0], gradNorm[0]];
    };
    expect(difference(await first(await open()), await first(tracedCpu))).toBeLessThan(1e-4);
    expect(said).toEqual([]);
  });

  it('refuses a weight that fits no buffer by name, before anything is allocated', async () => {
    const device = await open();
    let reads = 0;
    const table = {
      shape: [35_000_000],
      read() {
        reads++;
        return new Float32Array(35_000_000);
      },
    };
    const options = { state: createState({}), inputs: {}, device };
    const frozen = compileStep(({ frozen }) => ({ outputs: { y: tf.sum(frozen.table) } }), {
      ...{ ...options, frozen: { table } },
    });
    const advice = 'Choose a smaller batch or model, or another device.';
    const message = `table takes 134 MB; this adapter allows 128 MB in one buffer. ${advice}`;
    await expect(frozen).rejects.toMatchObject({ code: 'device', message });
    expect(reads).toBe(0);
    const state = createState({ table: { shape: table.shape, data: new Float32Array(35_000_000) } });
    const trained = compileStep(({ state }) => ({ outputs: {}, state: { table: tf.mul(state.table, 2) } }), {
      ...{ ...options, state },
    });
    await expect(trained).rejects.toMatchObject({ code: 'device', message });
    expect(state.resident).toBeNull();
  });

  it('leaves a kernel that uses too many buffers to ONNX Runtime, and says so', async () => {
    const device = await open();
    const names = Array.from({ length: 9 }, (_, k) => `part${k}`);
    const frozen = Object.fromEntries(
      names.map((name, k) => [name, { shape: [3], read: () => Float32Array.of(k, 1, 2) }]),
    );
    const step = await compileStep(
      ({ frozen: parts }) => ({ outputs: { y: names.map((name) => parts[name]).reduce((a, b) => tf.add(a, b)) } }),
      { state: createState({}), inputs: {}, frozen, device },
    );
    expect(Array.from((await step.run({})).y)).toEqual([36, 9, 18]);
    expect(said.at(-1)).toBe('A kernel (Add) uses 10 buffers; this adapter allows 8. ONNX Runtime runs the step.');
    await step.release();
  });
});
