import * as tf from '@tensorflow/tfjs-core';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { openGpu } from '#trainer/gpu';
import type { Program } from '#engine/program';
import { difference, tracedCpu } from '../tests/engine/devices.ts';
const program: Program = ({ inputs: { a, b, c, heads, bias } }) => ({
  outputs: {
    plain: tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
    biased: tf.relu(tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), bias)),
    transposed: tf.matMul(b as tf.Tensor2D, a as tf.Tensor2D, true, true),
    odd: tf.add(tf.matMul(c as tf.Tensor2D, c as tf.Tensor2D, true), 1),
    heads: tf.matMul(tf.transpose(heads, [1, 2, 0, 3]), tf.transpose(heads, [1, 2, 0, 3]), false, true),
  },
});
const inputs = { a: { shape: [68, 36] }, b: { shape: [36, 132] }, bias: { shape: [132] }, c: { shape: [19, 33] }, heads: { shape: [9, 2, 3, 8] } };
const batch = Object.fromEntries(Object.entries(inputs).map(([name, { shape }], k) => [name, Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => ((i * 13 + k) % 17) / 17 - 0.5)]));
async function run(device: any) { const step = await compileStep(program, { state: createState({}), inputs, device, print: process.env.SHOW ? console.log : undefined }); const o = await step.run(batch); await step.release(); return o; }
const cpu = await run(tracedCpu);
for (const precision of ['fp32', 'mixed'] as const) {
  const device = await openGpu({ fallback: async () => tracedCpu, precision });
  console.log(device.name, device.unit);
  const found = await run(device);
  for (const k of Object.keys(cpu)) console.log(k, difference(found[k], cpu[k]));
}
process.exit(0);
