import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { writableInPlace } from '#engine/inPlace';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import type { Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { traceProgram } from '#engine/trace';
import { buildModel } from '#models/index';
import { recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { tracedCpu } from './devices.ts';

const specs = Object.fromEntries(['a', 'b'].map((name) => [name, { shape: [2, 2], dtype: 'float32' as const }]));
const inPlace = (program: Program) => {
  const trace = traceProgram(program, { state: specs, inputs: { x: { shape: [2, 2] } }, frozen: {} });
  return writableInPlace(trace.outputs, trace.changed);
};

describe('state is written in place', () => {
  it('if its last reader makes the new value element by element', () => {
    expect(inPlace(({ state: { a } }) => ({ outputs: {}, state: { a: tf.sub(a, tf.sum(tf.exp(a))) } }))).toEqual(['a']);
  });
  it('but not if an output reads it too, in whichever order the two run', () => {
    const program: Program = ({ state: { a }, inputs: { x } }) => ({
      outputs: { y: tf.matMul(x, a) },
      state: { a: tf.sub(a, x) },
    });
    expect(inPlace(program)).toEqual([]);
  });
  it('nor if an element of the new value depends on other elements of the old one', () => {
    expect(inPlace(({ state: { a } }) => ({ outputs: {}, state: { a: tf.matMul(a, a) } }))).toEqual([]);
    expect(inPlace(({ state: { a } }) => ({ outputs: {}, state: { a: tf.transpose(a) } }))).toEqual([]);
  });
  it('nor if it is an output, is swapped with other state, or becomes constant', () => {
    expect(inPlace(({ state: { a, b } }) => ({ outputs: {}, state: { a: b, b: a } }))).toEqual([]);
    expect(inPlace(({ state: { a } }) => ({ outputs: { old: a }, state: { a: tf.add(a, 1) } }))).toEqual([]);
    expect(inPlace(({ state: { a } }) => ({ outputs: { y: tf.exp(a) }, state: { a: tf.zerosLike(a) } }))).toEqual([]);
  });
});

it('a body that is trained by Adam with clipping needs no second buffers and no copies', async () => {
  const settings = { pretrained: false, n_layer: 2, n_embd: 16, n_head: 2, n_positions: 8, freeze_trans: false };
  const shape = { tokens: 6, width: 10, inputDim: 10, outputDim: 4, embedding: false };
  const model = buildModel(parseConfig({ task: 'x', ...settings }), shape);
  const loss = (logits: tf.Tensor) => tf.mean(tf.square(logits));
  const recipe = { model, loss, optimizer: chain(clipByGlobalNorm(1), adam({ lr: 0.01 })) };
  const initial = trainedNames(model).map((name) => [
    name,
    { shape: model.parameters[name], data: model.initialValue(name, 1) },
  ]);
  const state = createState({ ...Object.fromEntries(initial), ...recipeSlots(recipe, false) });
  const inputs = { x: { shape: [3, 6, 10] }, y: { shape: [3] } };
  const trace = traceProgram(trainProgram(recipe), { state: state.specs, inputs, frozen: {} });
  expect(writableInPlace(trace.outputs, trace.changed)).toEqual(trace.changed);
  expect(trace.changed.sort()).toEqual(Object.keys(state.specs).sort());

  const step = await compileStep(trainProgram(recipe), { state, inputs, device: tracedCpu });
  const [before, buffer] = [state.get('out_net.0.weight').slice(), state.get('out_net.0.weight')];
  const batch = { x: new Float32Array(180).fill(0.5), y: new Float32Array(3) };
  await step.run(batch, [0, 0]);
  await step.release();
  expect(state.get('out_net.0.weight')).toBe(buffer);
  expect(buffer).not.toEqual(before);
});
