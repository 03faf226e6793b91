import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '#engine/gradients';
import { dropout, geluTanh, layerNorm, linear } from '#engine/nn';
import type { Frozen, Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { difference, eagerCpu, tracedCpu } from './devices.ts';

const [rows, width, hidden] = [6, 8, 1024];
const frozen = (shape: number[], seed: number): Frozen => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, read: () => Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7 + seed) / 4) };
};
const weights = {
  w1: frozen([width, hidden], 1),
  b1: frozen([hidden], 2),
  w2: frozen([hidden, width], 3),
  b2: frozen([width], 4),
};
const x = Float32Array.from({ length: rows * width }, (_, i) => Math.cos(i));

type Inner = (h: tf.Tensor, noise: Parameters<Program>[0]['noise']) => tf.Tensor;
/** A frozen hidden layer over the trained scale of x: the loss and the gradient of the scale. */
const program =
  (inner: Inner): Program =>
  ({ state, inputs, frozen: { w1, b1, w2, b2 }, noise }) => {
    const f = ({ scale }: Record<string, tf.Tensor>) => {
      const h = inner(linear(tf.mul(inputs.x, scale), w1, b1), noise);
      return tf.mean(tf.square(linear(h, w2, b2)));
    };
    const { value, gradients } = valueAndGradients(f, { scale: state.scale });
    return { outputs: { loss: value, gradient: gradients.scale } };
  };

async function run(inner: Inner, device: Parameters<typeof compileStep>[1]['device']) {
  let graph = '';
  const step = await compileStep(program(inner), {
    state: createState({ scale: { shape: [width], data: new Float32Array(width).fill(1.5) } }),
    inputs: { x: { shape: [rows, width] } },
    frozen: weights,
    device,
    print: (text) => {
      graph += text;
    },
  });
  const { loss, gradient } = await step.run({ x }, [0, 0]);
  await step.release();
  return { values: [...loss, ...gradient], graph };
}
const notPadding = { ...tracedCpu, padsProducts: false };

describe('a hidden layer whose rows are a multiple of 4096 bytes apart', () => {
  it('is widened between frozen products, forward and backward, and gives the same results', async () => {
    const wide = await run(geluTanh, tracedCpu);
    expect(wide.graph).toContain(`[${rows},${hidden + 16}]`);
    expect(wide.graph).not.toMatch(/Gemm[^\n]*\[6,1024\]/);
    const eager = await run(geluTanh, eagerCpu);
    expect(difference(wide.values, eager.values)).toBeLessThan(1e-5);
  });
  it.each<[string, Inner]>([
    ['dropout masks it', (h, noise) => dropout(h, 0.5, noise)],
    ['a norm reads its rows', (h) => layerNorm(h, tf.ones([hidden]), tf.zeros([hidden]), 1e-5)],
    ['zeros would not stay finite', (h) => tf.log(tf.add(tf.square(h), 0))],
  ])('stays as it is where %s', async (_, inner) => {
    const plain = await run(inner, notPadding);
    const same = await run(inner, tracedCpu);
    expect(same.graph).toBe(plain.graph);
    expect(same.values).toEqual(plain.values);
  });
});
