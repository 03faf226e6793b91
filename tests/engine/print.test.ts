import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { layerNorm, literal } from '#engine/nn';
import type { Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { tracedCpu } from './devices.ts';

const program: Program = ({ state, inputs, frozen }) => {
  const h = tf.mul(tf.add(tf.matMul(inputs.x, frozen.w, false, true), frozen.b), 0.3);
  const [left, right] = tf.split(layerNorm(h, tf.ones([4]), frozen.b, 1e-5), 2, 1);
  const ramp = literal(
    Float32Array.from({ length: 10 }, (_, i) => i / 3),
    [10],
  );
  return {
    outputs: { y: tf.add(tf.mul(left, right), tf.sum(ramp)), x: inputs.x },
    state: { steps: tf.add(state.steps, 1) },
  };
};

it('a step prints the simplified graph that it compiles: inputs, one line per node, outputs', async () => {
  const printed: string[] = [];
  const state = createState({ steps: { shape: [], data: new Float32Array(1) } });
  const step = await compileStep(program, {
    ...{ state, inputs: { x: { shape: [2, 3] } }, device: tracedCpu },
    frozen: {
      w: { shape: [4, 3], read: () => new Float32Array(12) },
      b: { shape: [4], read: () => new Float32Array(4) },
    },
    print: (graph) => printed.push(graph),
  });
  await step.release();
  expect(printed).toEqual([
    `frozen/b f32[4]
frozen/w f32[4,3]
in/x f32[2,3]
state/steps f32[]
%0 = Expand(1, [4]) f32[4]
%1 = ReduceSum(f32[10]{0,0.333333,0.666667,1,1.33333,1.66667,2,2.33333,…}, [0], keepdims=0) f32[]
%2 = Add(state/steps, 1) f32[]
%3 = Gemm(in/x, frozen/w, frozen/b, transB=1, alpha=0.3, beta=0.3) f32[2,4]
%4, %5, %6 = LayerNormalization(%3, %0, frozen/b, axis=-1, epsilon=0.00001) f32[2,4], f32[2,1], f32[2,1]
%7, %8 = Split(%4, [2,2], axis=1) f32[2,2], f32[2,2]
%9 = Mul(%7, %8) f32[2,2]
%10 = Add(%9, %1) f32[2,2]
out/y = %10
out/x = in/x
next/steps = %2
`,
  ]);
});
