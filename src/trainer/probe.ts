/**
 * `node probe.ts <device>` computes a sum on a device. If that works, prints a {@link Probed} as JSON and exits with 0; otherwise
 * prints the runtime's message and exits with 1.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { type DeviceName, openUntried, type Probed } from './device.ts';
import { listGpus } from './gpu.ts';

try {
  const device = await openUntried(process.argv[2] as DeviceName);
  const step = await compileStep(({ inputs }) => ({ outputs: { y: tf.add(inputs.x, 1) } }), {
    state: createState({}),
    inputs: { x: { shape: [4] } },
    device,
  });
  const { y } = await step.run({ x: Float32Array.of(1, 2, 3, 4) });
  if (String(y) !== '2,3,4,5') throw new Error(`[1, 2, 3, 4] + 1 should be [2, 3, 4, 5]; the device computed [${y}]`);
  await step.release();
  const cards = device.kind === 'wgsl' ? await listGpus() : [];
  console.log(JSON.stringify({ name: device.name, cards: cards.length } satisfies Probed));
  process.exit(0);
} catch (error) {
  console.log((error as Error).message);
  process.exit(1);
}
