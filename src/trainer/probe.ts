/**
 * `node probe.ts <device>` computes a small graph on a device. If that works, prints a {@link Probed} as JSON and exits with 0; otherwise
 * prints the runtime's message and exits with 1.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { type DeviceName, openUntried, type Probed, tryMixed } from './device.ts';
import { listGpus } from './gpu.ts';

const name = process.argv[2] as DeviceName;

/** x + 1, through a product and on cuda a convolution, whose libraries are loaded when they are first used. */
const addOne: Program = ({ inputs: { x } }) => {
  const y = tf.add(tf.matMul(tf.reshape(x, [1, 4]), tf.eye(4) as tf.Tensor2D), 1);
  const image = tf.reshape<tf.Rank.R4>(y, [1, 2, 2, 1]);
  return { outputs: { y: name === 'cuda' ? tf.conv2d(image, tf.ones<tf.Rank.R4>([1, 1, 1, 1]), 1, 'same') : y } };
};

try {
  const device = await openUntried(name);
  const step = await compileStep(addOne, { state: createState({}), inputs: { x: { shape: [4] } }, device });
  const { y } = await step.run({ x: Float32Array.of(1, 2, 3, 4) });
  if (String(y) !== '2,3,4,5') throw new Error(`[1, 2, 3, 4] + 1 should be [2, 3, 4, 5]; the device computed [${y}]`);
  await step.release();
  const cards = device.kind === 'wgsl' ? await listGpus() : [];
  const hardware = device.kind === 'wgsl' ? (/\((.*)\)$/.exec(device.name)?.[1] ?? null) : null;
  const mixed = await tryMixed(name);
  console.log(JSON.stringify({ hardware, cards: cards.length, mixed } satisfies Probed));
  process.exit(0);
} catch (error) {
  console.log((error as Error).message);
  process.exit(1);
}
