/** Whole training steps on a GPU with our own kernels: what ONNX Runtime computes on the CPU, step after step. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { type Tracer, tracerName } from '#engine/backend';
import type { Device, WgslDevice } from '#engine/device';
import type { Program, StartedStep } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import type { Gpu, GpuBuffer } from '#engine/wgsl/gpu';
import { openGpu } from '#trainer/gpu';
import { gpuDevices } from '../../parity/devices.ts';
import { difference, tracedCpu } from '../devices.ts';
import { planOf, someBatch, trainingStep } from './trainingStep.ts';

const digits = { task: 'mnist', patch_size: 7, dropout: 0.1, body_dropout: 0.1, batch_size: 3, gpu_batch_size: 3 };
const small = { n_layer: 2, n_embd: 32, n_head: 4 };
const configs: [name: string, settings: Record<string, unknown>][] = [
  ['the embedded body, frozen', { ...digits, model_name: 'permafrost-nano', freeze_trans: true }],
  ['the embedded body, trained whole', { ...digits, model_name: 'permafrost-nano', n_layer: 2, freeze_trans: false }],
  ['a small ViT', { ...digits, ...small, model_name: 'google/vit-base-patch16-224-in21k', freeze_trans: false }],
  [
    'a small MAT',
    { task: 'cyp3a4-graph', model_name: 'mat', ...small, freeze_trans: false, batch_size: 2, gpu_batch_size: 2 },
  ],
  [
    'a small AST',
    { task: 'speech-commands-mel', model_name: 'ast', ...small, freeze_trans: false, batch_size: 1, gpu_batch_size: 1 },
  ],
  ['NAC', { task: 'mnist-add-reg', model_name: 'nac', n: 3, freeze_trans: false, batch_size: 3, gpu_batch_size: 3 }],
  ['a small LSTM', { ...digits, model_name: 'lstm', n_layer: 1, n_embd: 16, freeze_trans: false }],
];

async function fiveSteps(device: Device, settings: Record<string, unknown>) {
  const { program, state, inputs, frozen } = trainingStep(settings);
  const step = await compileStep(program, { state, inputs, frozen, device });
  const figures: number[] = [];
  for (let s = 0; s < 5; s++) {
    const { loss, gradNorm } = await step.run(someBatch(inputs, s), [1, s]);
    figures.push(loss[0], gradNorm[0]);
  }
  await state.settle();
  const parameters = Object.fromEntries(Object.keys(state.specs).map((name) => [name, state.get(name).slice()]));
  await step.release();
  await state.release();
  return { figures, parameters };
}

it('a step planned twice has the same kernels in the same order, so runs of one config agree', () => {
  const codes = () => planOf(trainingStep(configs[1][1], false)).dispatches.map(({ code }) => code);
  expect(codes()).toEqual(codes());
});

describe.each(gpuDevices)('on $name', (device) => {
  it.each(configs)('five steps of %s are the same as on the CPU', async (_, settings) => {
    const [gpu, cpu] = [await fiveSteps(device, settings), await fiveSteps(tracedCpu, settings)];
    expect(difference(gpu.figures, cpu.figures)).toBeLessThan(1e-4);
    for (const [name, values] of Object.entries(cpu.parameters)) {
      // the gradient of a key's bias is rounding noise, which Adam makes as large as any
      if (/adam|key\.bias|c_attn\.bias/.test(name)) continue;
      expect(difference(gpu.parameters[name], values), name).toBeLessThan(2e-3);
    }
  });

  it('steps that are started one after the other give what steps that are waited for give, in few readings', async () => {
    const readings = { count: 0 };
    const on = device.kind === 'wgsl' ? { ...device, gpu: countingReadings(device.gpu, readings) } : device;
    const figures = async (each: Device, isAwaited: boolean) => {
      const state = createState({ w: { shape: [3], data: Float32Array.of(1, 2, 3) } });
      const step = await compileStep(
        ({ state: { w }, inputs: { x }, noise }) => {
          const moved = tf.add(tf.mul(w, x), tf.mul(tf.cast(noise.words(3), 'float32'), 1e-9));
          return { outputs: { sum: tf.sum(moved) }, state: { w: moved } };
        },
        { state, inputs: { x: { shape: [3] } }, device: each },
      );
      const started: StartedStep[] = [];
      for (let s = 0; s < 40; s++) {
        started.push(await step.start({ x: Float32Array.of(1, 1 - s / 100, 1) }, [1, s]));
        if (isAwaited) await started[s].outputs();
      }
      await started[33].outputs();
      await step.release(); // brings the rest
      const sums: number[] = [];
      for (const { outputs } of started) sums.push((await outputs()).sum[0]);
      await state.release();
      return sums;
    };
    const found = await figures(on, false);
    expect(readings.count).toBe(2);
    expect(new Set(found).size).toBe(40);
    expect(found).toEqual(await figures(device, true));
  });

  it('an operator without WGSL is named, and ONNX Runtime runs its step on the same state if it may', async () => {
    const state = createState({ w: { shape: [2], data: Float32Array.of(1, -1) } });
    const said: string[] = [];
    const withFallback = (fallback: WgslDevice['fallback']): Device =>
      device.kind === 'wgsl' ? { ...device, say: (line) => said.push(line), fallback } : device;
    const own = withFallback(async () => tracedCpu);
    const grow = await compileStep(({ state: { w } }) => ({ outputs: {}, state: { w: tf.mul(w, 2) } }), {
      ...{ state, inputs: {}, device: own },
    });
    expect(said).toEqual([]);
    lowerElu();
    const program: Program = ({ state: { w } }) => ({ outputs: { y: tf.elu(w) }, state: { w: tf.add(w, 1) } });
    const refusing = withFallback((why) => Promise.reject(new PermafrostError('device', `Not in fp32: ${why}`)));
    await expect(compileStep(program, { state, inputs: {}, device: refusing })).rejects.toMatchObject({
      code: 'device',
      message: 'Not in fp32: Operator Elu on [2] has no WGSL.',
    });
    expect(said).toEqual([]);
    const odd = await compileStep(program, { state, inputs: {}, device: own });
    expect(said).toEqual(['Operator Elu on [2] has no WGSL. ONNX Runtime runs the step.']);
    try {
      await grow.run({});
      expect(difference((await odd.run({})).y, [2, Math.expm1(-2)])).toBeLessThan(1e-5);
      await grow.run({});
      await state.settle();
      expect(state.get('w')).toEqual(Float32Array.of(6, -2));
    } finally {
      await grow.release();
      await odd.release();
      await state.release();
    }
  });

  it('if the GPU is lost between steps, the run ends with a reason and keeps the last settled state', async () => {
    const device = await openGpu({ fallback: async () => tracedCpu });
    const state = createState({ w: { shape: [2], data: Float32Array.of(1, 2) } });
    const step = await compileStep(({ state: { w } }) => ({ outputs: { w }, state: { w: tf.mul(w, 2) } }), {
      ...{ state, inputs: {}, device },
    });
    await step.run({});
    await state.settle();
    (device.gpu as Gpu & { destroy(): void }).destroy();
    await expect(step.run({})).rejects.toMatchObject({
      code: 'device',
      message: expect.stringMatching(/^The GPU .*\. The run goes on from its last checkpoint when it is resumed\.$/s),
    });
    expect(state.get('w')).toEqual(Float32Array.of(2, 4));
  });
});

/** The same GPU; counts how often a buffer for outputs is read. */
const countingReadings = (gpu: Gpu, readings: { count: number }): Gpu =>
  new Proxy(gpu, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const returned: unknown = Reflect.apply(value, target, args);
        if (key !== 'createBuffer' || (args[0] as { label?: string }).label !== 'outputs') return returned;
        const buffer = returned as GpuBuffer;
        const mapAsync = buffer.mapAsync.bind(buffer);
        buffer.mapAsync = (...range) => {
          readings.count++;
          return mapAsync(...range);
        };
        return buffer;
      };
    },
  });

/** An operator that ONNX Runtime has and our kernels have not. */
const lowerElu = (): void =>
  tf.registerKernel({
    kernelName: 'Elu',
    backendName: tracerName,
    kernelFunc({ inputs, backend }) {
      const tracer = backend as Tracer;
      const x = tracer.get((inputs.x as tf.TensorInfo).dataId);
      const [y] = tracer.graph.node('Elu', [x], [[x.shape, x.dtype]]);
      return { dataId: tracer.put(y), shape: [...y.shape], dtype: 'float32' };
    },
  });
