import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '#engine/gradients';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { binaryCrossEntropy, crossEntropy } from '#tasks/losses';
import { devices } from '../engine/devices.ts';
import { parityDevices } from '../parity/devices.ts';

describe.each(devices)('cross entropy on $name', (device) => {
  const lossOf = async (logits: number[], y: number) => {
    const step = await compileStep(
      ({ inputs }) => {
        const loss = (at: tf.Tensor) => crossEntropy(tf.reshape(at, [1, 3]), inputs.y);
        const { value, gradients } = valueAndGradients(({ logits }) => loss(logits), { logits: inputs.logits });
        return { outputs: { value, gradient: gradients.logits } };
      },
      {
        ...{ state: createState({}), device },
        inputs: { logits: { shape: [3] }, y: { shape: [1], dtype: 'int32' as const } },
      },
    );
    const { value, gradient } = await step.run({ logits: Float32Array.from(logits), y: Int32Array.of(y) });
    await step.release();
    return { value: value[0], gradient: Array.from(gradient) };
  };

  it('is finite if another class has the logit −∞, as in torch', async () => {
    const { value, gradient } = await lossOf([0, Number.NEGATIVE_INFINITY, 0], 2);
    expect(value).toBeCloseTo(Math.LN2, 6);
    expect(gradient.map((g) => Math.round(g * 1e6) / 1e6)).toEqual([0.5, 0, -0.5]);
  });

  it('is ∞ if the class itself has the logit −∞, and NaN if a logit is NaN', async () => {
    expect((await lossOf([0, Number.NEGATIVE_INFINITY, 0], 1)).value).toBe(Number.POSITIVE_INFINITY);
    expect((await lossOf([0, Number.NaN, 0], 2)).value).toBeNaN();
  });
});

describe.each(parityDevices)('binary cross entropy on $name', (device) => {
  const lossOf = async (logit: number, y: number) => {
    const step = await compileStep(
      ({ inputs }) => {
        const { value, gradients } = valueAndGradients(({ z }) => binaryCrossEntropy(z, inputs.y), { z: inputs.z });
        return { outputs: { value, gradient: gradients.z } };
      },
      {
        ...{ state: createState({}), device },
        inputs: { z: { shape: [1] }, y: { shape: [1], dtype: 'int32' as const } },
      },
    );
    const { value, gradient } = await step.run({ z: Float32Array.of(logit), y: Int32Array.of(y) });
    await step.release();
    return { value: value[0], gradient: gradient[0] };
  };
  const infinity = Number.POSITIVE_INFINITY;

  it.each([
    [-infinity, 0, 0, 0],
    [infinity, 1, 0, 0],
    [-infinity, 1, infinity, -1],
    [infinity, 0, infinity, 1],
    [-1e30, 0, 0, 0],
    [1e30, 0, 1e30, 1],
    [0, 0, Math.LN2, 0.5],
    [0, 1, Math.LN2, -0.5],
    [2, 0, Math.log1p(Math.exp(2)), 1 / (1 + Math.exp(-2))],
    [2, 1, Math.log1p(Math.exp(-2)), 1 / (1 + Math.exp(-2)) - 1],
  ])('of logit %d with label %d is %d with slope %d, not NaN', async (logit, label, value, slope) => {
    const found = await lossOf(logit, label);
    if (Number.isFinite(value)) expect(found.value / Math.max(1, value)).toBeCloseTo(value / Math.max(1, value), 6);
    else expect(found.value).toBe(value);
    expect(found.gradient).toBeCloseTo(slope, 6);
  });

  it('is not finite if the logit is NaN', async () => {
    for (const label of [0, 1]) expect(Number.isFinite((await lossOf(Number.NaN, label)).value)).toBe(false);
  });
});
