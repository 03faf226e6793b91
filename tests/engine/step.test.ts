import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fuse, reachable } from '#engine/fuse';
import { valueAndGradients } from '#engine/gradients';
import { dropout } from '#engine/nn';
import { writeOnnx } from '#engine/onnx';
import { adam, applyUpdates, asUpdates, chain, clipByGlobalNorm, globalNorm, sgd } from '#engine/optim';
import type { Program, Spec } from '#engine/program';
import { constant, type Schedule, schedules, warmupCosine } from '#engine/schedule';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { traceProgram } from '#engine/trace';
import { devices, difference, tracedCpu } from './devices.ts';

const none = { state: createState({}), inputs: {}, device: tracedCpu };
const input = (shape: number[], dtype?: 'int32'): Spec => ({ shape, dtype });

describe('tracing refuses', () => {
  const trace =
    (program: Program, inputs: Record<string, Spec> = { x: input([2, 3]) }) =>
    () =>
      compileStep(program, { ...none, inputs });

  it('a kernel without a lowering, with its name, its shapes and a remedy', async () => {
    await expect(trace(({ inputs }) => ({ outputs: { y: tf.reverse(inputs.x, 1) } }))).rejects.toThrow(
      /Kernel Reverse on x float32 \[2,3\] cannot be traced.*engine\/kernels.*eager device/s,
    );
  });
  it('a value that is read while the program is traced', async () => {
    const program: Program = ({ inputs }) => ({ outputs: { y: tf.mul(inputs.x, tf.sum(inputs.x).dataSync()[0]) } });
    await expect(trace(program)).rejects.toThrow(/reads the value of a tensor \[\] made by ReduceSum.*output/s);
  });
  it('a random draw in JavaScript, which would be the same at every step', async () => {
    const program: Program = ({ inputs }) => ({ outputs: { y: tf.mul(inputs.x, tf.randomNormal([100, 1, 3])) } });
    await expect(trace(program)).rejects.toThrow(/literal float32 tensor \[100,1,3\].*same at every step.*noise/s);
  });
  it('shapes that do not fit, and names both', async () => {
    const inputs = { x: input([2, 3]), z: input([4, 5]) };
    await expect(trace(({ inputs }) => ({ outputs: { y: tf.add(inputs.x, inputs.z) } }), inputs)).rejects.toThrow(
      /Kernel Add on a float32 \[2,3\], b float32 \[4,5\].*broadcast/s,
    );
  });
  it('state with another shape or type, and undeclared state', async () => {
    const state = createState({ w: { shape: [2], data: new Float32Array(2) } });
    const compile = (program: Program) => compileStep(program, { ...none, state });
    await expect(async () => compile(() => ({ outputs: {}, state: { w: tf.zeros([3]) } }))).rejects.toThrow(
      /"w" is float32 \[2\].*float32 \[3\]/,
    );
    await expect(async () => compile(() => ({ outputs: {}, state: { w: tf.zeros([2], 'int32') } }))).rejects.toThrow(
      /int32/,
    );
    await expect(async () => compile(() => ({ outputs: {}, state: { v: tf.zeros([2]) } }))).rejects.toThrow(
      /"v", which is not declared. Declared: w/,
    );
  });
});

it('restores the backend that was active before, even after a refusal', async () => {
  await tf.setBackend('cpu');
  await expect(async () =>
    compileStep(({ inputs }) => ({ outputs: { y: tf.reverse(inputs.x) } }), { ...none, inputs: { x: input([2]) } }),
  ).rejects.toThrow();
  expect(tf.getBackend()).toBe('cpu');
});

it('names an input that is missing or has another length', async () => {
  const step = await compileStep(({ inputs }) => ({ outputs: { y: tf.neg(inputs.x) } }), {
    ...none,
    inputs: { x: input([2, 3]) },
  });
  await expect(step.run({})).rejects.toThrow(/"x" is float32 \[2,3\]: expected 6 values, found nothing/);
  await expect(step.run({ x: new Float32Array(5) })).rejects.toThrow(/found float32 of 5 values/);
  await expect(step.run({ x: new Int32Array(6) })).rejects.toThrow(/found int32/);
});

describe('simplification', () => {
  const opsOf = (program: Program, inputs: Record<string, Spec>) => {
    const trace = traceProgram(program, { state: {}, inputs, frozen: {} });
    return reachable(fuse(trace.graph, [...trace.outputs.values()], tracedCpu)).map((node) => node.op);
  };
  const ab = { a: input([4, 8]), b: input([8, 16]), c: input([16]) };
  it('removes dead code and shares repeated computations', () => {
    const ops = opsOf(({ inputs: { a } }) => {
      tf.exp(a);
      return { outputs: { y: tf.add(tf.sin(a), tf.sin(a)) } };
    }, ab);
    expect(ops).toEqual(['Sin', 'Add']);
  });
  it('merges product, bias and scale into one node', () => {
    expect(
      opsOf(({ inputs: { a, b, c } }) => ({ outputs: { y: tf.mul(tf.add(tf.matMul(a, b), c), 0.5) } }), ab),
    ).toEqual(['Gemm']);
  });
  it('folds ones, zeros and scalars', () => {
    const program: Program = ({ inputs: { a } }) => ({
      outputs: { y: tf.add(tf.mul(a, tf.onesLike(a)), tf.mul(tf.zerosLike(a), tf.scalar(3))) },
    });
    expect(opsOf(program, ab)).toEqual([]);
  });
  it('cancels pairs of reshapes and transposes', () => {
    const program: Program = ({ inputs: { a } }) => ({
      outputs: { y: tf.reshape(tf.transpose(tf.transpose(tf.reshape(a, [32]).reshape([4, 8]))), [4, 8]) },
    });
    expect(opsOf(program, ab)).toEqual([]);
  });
});

it('keeps frozen weights in their file', () => {
  const frozen = {
    w: {
      shape: [1000, 100],
      file: { name: 'w.safetensors', offset: 128, length: 400_000 },
      read: () => new Float32Array(100_000),
    },
  };
  const { outputs } = traceProgram(({ inputs, frozen }) => ({ outputs: { y: tf.matMul(inputs.x, frozen.w) } }), {
    state: {},
    inputs: { x: input([2, 1000]) },
    frozen,
  });
  expect(writeOnnx(outputs, { mapsFiles: true }).bytes.length).toBeLessThan(2000);
  expect(writeOnnx(outputs, { mapsFiles: false }).bytes.length).toBeGreaterThan(400_000);
});

describe.each(devices)('on $name', (device) => {
  it('returns outputs that are an input, a constant, or the same value under two names', async () => {
    const program: Program = ({ inputs: { x } }) => {
      const y = tf.square(x);
      return { outputs: { same: x, ones: tf.ones([2]), y, again: y } };
    };
    const step = await compileStep(program, { ...none, inputs: { x: input([2]) }, device });
    expect(await step.run({ x: Float32Array.of(2, 3) })).toEqual({
      same: Float32Array.of(2, 3),
      ones: Float32Array.of(1, 1),
      y: Float32Array.of(4, 9),
      again: Float32Array.of(4, 9),
    });
  });

  it('draws new dropout masks at every step, at the given rate, and the same for the same seed', async () => {
    const program: Program = ({ inputs, noise }) => ({
      outputs: { y: dropout(inputs.x, 0.3, noise), z: dropout(inputs.x, 0.3, noise) },
    });
    const step = await compileStep(program, { ...none, inputs: { x: input([40, 500]) }, device });
    const x = new Float32Array(20_000).fill(1);
    const [first, second, again] = [
      await step.run({ x }, [5, 0]),
      await step.run({ x }, [5, 1]),
      await step.run({ x }, [5, 0]),
    ];
    expect(again).toEqual(first);
    const dropped = (y: ArrayLike<number>) => Array.from(y, (v) => Number(v === 0));
    const rate = (flags: number[]) => flags.reduce((a, b) => a + b, 0) / flags.length;
    for (const y of [first.y, first.z, second.y]) expect(rate(dropped(y))).toBeCloseTo(0.3, 1.5);
    expect(Math.max(...first.y)).toBeCloseTo(1 / 0.7, 5);
    // independent masks coincide in a dropped element with probability 0.09
    for (const other of [second.y, first.z]) {
      const flags = dropped(other);
      expect(rate(dropped(first.y).map((d, i) => d * flags[i]))).toBeCloseTo(0.09, 1.5);
    }
  });

  it('updates state with Adam and clipping like torch, and leaves parameters without a gradient alone', async () => {
    // torch: w = [3, -4]; loss = (w*w).sum(); clip_grad_norm_(1.0); Adam(lr=0.1); three steps
    const optimizer = chain(clipByGlobalNorm(1), adam({ lr: 0.1 }));
    const initial = { w: { shape: [2], data: Float32Array.of(3, -4) }, idle: { shape: [1], data: Float32Array.of(7) } };
    const state = createState({ ...initial, ...optimizer.init({ w: { shape: [2] }, idle: { shape: [1] } }) });
    const norms: number[] = [];
    const program: Program = ({ state }) => {
      const { value, gradients } = valueAndGradients(({ w }) => tf.sum(tf.square(w)), { w: state.w, idle: state.idle });
      const raw = asUpdates(gradients);
      const { updates, state: slots } = optimizer.update(raw, state, state);
      return { outputs: { value, norm: globalNorm(raw) }, state: { ...slots, ...applyUpdates(state, updates) } };
    };
    const step = await compileStep(program, { ...none, state, device });
    for (let i = 0; i < 3; i++) norms.push((await step.run({})).norm[0]);
    expect(difference(norms, [10, 9.72008228302002, 9.440343856811523])).toBeLessThan(1e-5);
    expect(difference(state.get('w'), [2.7000553607940674, -3.6999704837799072])).toBeLessThan(1e-6);
    expect(state.get('idle')).toEqual(Float32Array.of(7));
  });

  it('trains with SGD, and warms up and anneals the learning rate inside the graph', async () => {
    const optimizer = sgd({ lr: warmupCosine(1, 2, 6) });
    const state = createState({
      w: { shape: [1], data: Float32Array.of(0) },
      ...optimizer.init({ w: { shape: [1] } }),
    });
    const program: Program = ({ state }) => {
      const { updates, state: scheduled } = optimizer.update(asUpdates({ w: tf.onesLike(state.w) }), state, state);
      return { outputs: { rate: updates.scale }, state: { ...scheduled, ...applyUpdates(state, updates) } };
    };
    const step = await compileStep(program, { ...none, state, device });
    const rates: number[] = [];
    for (let i = 0; i < 6; i++) rates.push((await step.run({})).rate[0]);
    const cosine = [1, 2, 3, 4].map((i) => (1 + Math.cos((Math.PI * i) / 4)) / 2);
    expect(difference(rates, [0.5, 1, ...cosine])).toBeLessThan(1e-6);
    expect(state.get('w')[0]).toBeCloseTo(-(1.5 + cosine.reduce((a, b) => a + b)), 5);
    expect(constant(1).update({}).lr.dataSync()[0]).toBe(1);
  });

  it('warms up to a constant rate, and counts steps only if there is a warm-up', async () => {
    const ratesOf = async (schedule: Schedule, steps: number) => {
      const state = createState(schedule.init());
      const program: Program = ({ state }) => {
        const { lr, state: scheduled } = schedule.update(state);
        return { outputs: { lr }, state: scheduled };
      };
      const step = await compileStep(program, { ...none, state, device });
      return Promise.all(Array.from({ length: steps }, () => step.run({}))).then((all) => all.map((o) => o.lr[0]));
    };
    expect(await ratesOf(schedules.constant(1, 4, 6), 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
    expect(await ratesOf(schedules.constant(1, 0, 6), 2)).toEqual([1, 1]);
    expect((await ratesOf(schedules.cosine(1, 0, 2), 3)).map((f) => Math.round(f * 1e6) / 1e6)).toEqual([0.5, 0, 0]);
    expect(schedules.constant(1, 0, 6).init()).toEqual({});
  });
});
