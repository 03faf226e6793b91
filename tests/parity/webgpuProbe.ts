/** `node webgpuProbe.ts onnx|wgsl|mixed`: exits with 0 where a GPU is found and computes. */
import * as tf from '@tensorflow/tfjs-core';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { openGpu } from '#trainer/gpu';
import { tracedWebgpu } from '../engine/devices.ts';

const [, , name] = process.argv;
const step = await compileStep(({ inputs }) => ({ outputs: { y: tf.add(inputs.x, 1) } }), {
  state: createState({}),
  inputs: { x: { shape: [4] } },
  device:
    name === 'onnx'
      ? tracedWebgpu
      : await openGpu({ fallback: async () => tracedWebgpu, precision: name === 'mixed' ? 'mixed' : 'fp32' }),
});
const { y } = await step.run({ x: Float32Array.of(1, 2, 3, 4) });
process.exit(y[3] === 5 ? 0 : 1);
