/** ReLU layers around a frozen GPT-2 against PyTorch: fixtures/torch/relu.py says how its numbers were made. */
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { valueAndGradients } from '#engine/gradients';
import { adam, chain, clipByGlobalNorm } from '#engine/optim';
import type { CompiledStep, Frozen } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { buildFpt } from '#models/fpt';
import { gpt2 } from '#models/gpt2';
import { recipeSlots, trainedNames, trainProgram } from '#models/steps';
import { crossEntropy } from '#tasks/losses';
import { devices, difference } from '../engine/devices.ts';
import fixture from '../fixtures/torch/relu.json' with { type: 'json' };

interface Side {
  bias: number;
  loss: number;
  norm: number;
  gradients: Record<string, number[]>;
}
const { losses, norms, learning_rate } = fixture;
const parameters: Record<string, { shape: number[]; scale: number; offset: number }> = fixture.parameters;
const { unit } = fixture.kink;
const [below, above]: Side[] = fixture.kink.sides;

const [samples, tokens, classes] = [4, 5, 5];
const model = buildFpt({
  ...parseConfig({ task: 'x', dropout: 0 }),
  body: gpt2,
  bodyConfig: {
    ...{ n_layer: 2, n_embd: 8, n_head: 2, n_positions: tokens, vocab_size: 3, n_inner: null },
    ...{ layer_norm_epsilon: 1e-5, initializer_range: 0.02, embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 },
  },
  ...{ inputDim: 4, outputDim: classes, embedding: false, inLayerSizes: [12], outLayerSizes: [10, 6] },
  ...{ lastOnly: true, orthGain: null },
});

const sizeOf = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
const wave = (k: number, size: number, { scale, offset }: { scale: number; offset: number }) =>
  Float32Array.from(
    { length: size },
    (_, i) => offset + scale * Math.sin(0.0007 * i * i + 12.9898 * i + 78.233 * (k + 1)),
  );
const start = Object.fromEntries(
  Object.entries(parameters).map(([name, { shape, ...form }], k) => [
    name,
    { shape, data: wave(k, sizeOf(shape), form) },
  ]),
);
const trained = trainedNames(model);
const frozen: Record<string, Frozen> = Object.fromEntries(
  Object.entries(start).flatMap(([name, { shape, data }]) =>
    trained.includes(name) ? [] : [[name, { shape, read: () => data }]],
  ),
);
const initial = () =>
  Object.fromEntries(trained.map((name) => [name, { ...start[name], data: start[name].data.slice() }])); // a step overwrites them
/** Every third token is zero, so before the first step its ReLU inputs are exactly 0. */
const batch = (step: number) => ({
  x: wave(-1 - step, samples * tokens * 4, { scale: 1, offset: 0 }).map((v, i) =>
    (Math.floor(i / 4) % tokens) % 3 === 0 ? 0 : v,
  ),
  y: Int32Array.from({ length: samples }, (_, i) => (i + step) % classes),
});
const inputs = { x: { shape: [samples, tokens, 4] }, y: { shape: [samples], dtype: 'int32' as const } };

const recipe = {
  model,
  loss: (logits: Parameters<typeof crossEntropy>[0], y: Parameters<typeof crossEntropy>[1]) =>
    crossEntropy(logits.reshape([samples, classes]), y),
  optimizer: chain(clipByGlobalNorm(1), adam({ lr: learning_rate })),
};

const open: CompiledStep[] = [];
afterAll(() => Promise.all(open.map((step) => step.release())));

it('has the parameters of the PyTorch network, in its order', () => {
  expect(Object.entries(model.parameters)).toEqual(
    Object.entries(parameters).map(([name, { shape }]) => [name, shape]),
  );
  expect(trained).toEqual(fixture.trained);
});

describe.each(devices)('on $name', (device) => {
  it('follows twenty steps within rounding while no ReLU input comes near 0', async () => {
    const state = createState({ ...initial(), ...recipeSlots(recipe, false) });
    const step = await compileStep(trainProgram(recipe), { state, inputs, frozen, device });
    open.push(step);
    for (const [i, norm] of norms.entries()) {
      const found = await step.run(batch(i));
      expect(Math.abs(found.gradNorm[0] / norm - 1), `gradient norm of step ${i}`).toBeLessThan(5e-6);
      expect(Math.abs(found.loss[0] / losses[i] - 1), `loss of step ${i}`).toBeLessThan(5e-6);
    }
  });

  const gradientsAt = async ({ bias }: Side) => {
    const state = createState(initial());
    const step = await compileStep(
      ({ state, inputs, frozen }) => {
        const { value, gradients } = valueAndGradients(
          (p) => recipe.loss(model.forward({ ...frozen, ...p }, inputs.x, null), inputs.y),
          state,
        );
        return { outputs: { loss: value, ...gradients } };
      },
      { state, inputs, frozen, device },
    );
    open.push(step);
    const biases = Float32Array.from(state.get('out_net.3.bias'));
    biases[unit] = bias;
    state.set('out_net.3.bias', biases);
    return step.run(batch(0));
  };

  it.each([
    ['below', below],
    ['above', above],
  ])('has the gradients of PyTorch just %s a kink, where other ReLU inputs are exactly 0', async (_, side) => {
    const { loss, ...gradients } = await gradientsAt(side);
    expect(Math.abs(loss[0] / side.loss - 1)).toBeLessThan(1e-6);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(side.gradients).sort());
    for (const [name, expected] of Object.entries(side.gradients))
      expect(difference(gradients[name], expected), name).toBeLessThan(5e-6);
  });

  it('jumps in its gradient and not in its loss where one ReLU input of 304 changes sign', async () => {
    const [from, to] = [await gradientsAt(below), await gradientsAt(above)];
    const norm = ({ loss, ...gradients }: typeof from) =>
      Math.hypot(...Object.values(gradients).flatMap((values) => [...values]));
    expect(Math.abs(from.loss[0] / to.loss[0] - 1)).toBeLessThan(1e-6);
    expect(norm(to) / norm(from) - 1).toBeCloseTo(above.norm / below.norm - 1, 5);
    expect(norm(to) / norm(from) - 1).toBeGreaterThan(3e-3);
  });
});
