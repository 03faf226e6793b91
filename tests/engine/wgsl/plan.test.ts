/** What a plan promises: few dispatches, state written in place, memory shared, limits kept. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createState } from '#engine/state';
import { planOf, roomyLimits, trainingStep } from './trainingStep.ts';

const digits = { task: 'mnist', patch_size: 4, dropout: 0.1, body_dropout: 0.1, gpu_batch_size: 2, batch_size: 2 };
const thin = { ...digits, model_name: 'gpt2', n_embd: 48 }; // as many kernels as GPT-2 small

it.each([
  ['frozen', 300, true],
  ['trained whole', 400, false],
])('a step of twelve blocks, %s, takes at most %i dispatches', (_, most, freeze_trans) => {
  const plan = planOf(trainingStep({ ...thin, freeze_trans }, false));
  expect(plan.dispatches.length).toBeLessThanOrEqual(most);
  expect(plan.copies).toEqual([]); // Adam writes parameters and slots where they lie
});

it('layers that compute the same share their code', () => {
  const codes = (n_layer: number) => {
    const plan = planOf(trainingStep({ ...thin, n_layer, freeze_trans: true }, false));
    return new Set(plan.dispatches.map(({ code }) => code)).size;
  };
  expect(codes(6)).toBe(codes(5));
});

it('an index called i32 does not hide the type of that name', () => {
  const hiding = /let (i32|u32|f32|bool)\b/;
  for (const batch of [2, 4, 16]) {
    const config = { ...thin, n_layer: 2, n_embd: 768, freeze_trans: true, batch_size: batch, gpu_batch_size: batch };
    for (const { code, label } of planOf(trainingStep(config, false)).dispatches)
      expect(hiding.exec(code)?.[0], label).toBeUndefined();
  }
});

it('a kernel that reads more buffers than the adapter allows is refused by name', () => {
  const limits = { ...roomyLimits, maxStorageBuffersPerShaderStage: 2 };
  expect(() => planOf(trainingStep({ ...thin, n_layer: 1, freeze_trans: true }, false), limits)).toThrow(
    /^A kernel \(.*\) uses \d buffers; this adapter allows 2\.$/,
  );
});

it('a tensor that is too large for the adapter’s buffers is refused with its size and a remedy', () => {
  const limits = { ...roomyLimits, maxStorageBufferBindingSize: 2 ** 20 };
  const step = {
    ...{ state: createState({}), inputs: { x: { shape: [1000] } } },
    frozen: { table: { shape: [1000, 1000], read: () => new Float32Array(1e6) } },
  };
  expect(() =>
    planOf({ ...step, program: ({ inputs, frozen }) => ({ outputs: { y: tf.dot(inputs.x, frozen.table) } }) }, limits),
  ).toThrow(
    'table takes 4 MB; this adapter allows 1 MB in one buffer. Choose a smaller batch or model, or another device.',
  );
});

it('activations that do not fit one buffer are spread over several', () => {
  const step = trainingStep({ ...thin, n_layer: 2, freeze_trans: true }, false);
  const whole = planOf(step);
  const arenas = (plan: typeof whole) => [...plan.blocks].filter(([name]) => name.startsWith('arena'));
  const [[, words]] = arenas(whole);
  const spread = planOf(step, { ...roomyLimits, maxStorageBufferBindingSize: 2 * words });
  expect(arenas(whole).length).toBe(1);
  expect(arenas(spread).length).toBeGreaterThan(1);
  for (const [, size] of arenas(spread)) expect(4 * size).toBeLessThanOrEqual(2 * words);
});

it('state that other kernels still need is copied instead of overwritten', () => {
  const swap = planOf({
    ...{ inputs: {}, frozen: {} },
    state: createState({
      a: { shape: [4], data: new Float32Array(4) },
      b: { shape: [4], data: new Float32Array(4) },
    }),
    program: ({ state: { a, b } }) => ({ outputs: {}, state: { a: b, b: a } }),
  });
  expect(swap.copies.length).toBe(1); // the first can be written over once the second is read
});
