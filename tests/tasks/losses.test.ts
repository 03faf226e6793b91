import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '#engine/gradients';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { crossEntropy } from '#tasks/losses';
import { devices } from '../engine/devices.ts';

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
