import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { openUntried } from '#trainer/device';

it('a step writes its state to the memory of the state and makes no copy of it', async () => {
  const size = 2 ** 22;
  const state = createState({ w: { shape: [size], data: new Float32Array(size) } });
  const device = await openUntried('cpu', { threads: 1 });
  const step = await compileStep(
    ({ state: { w } }) => ({ outputs: { first: tf.slice(w, [0], [1]) }, state: { w: tf.add(w, 1) } }),
    { state, inputs: {}, device },
  );
  await step.run({});
  const before = process.memoryUsage().arrayBuffers;
  const { first } = await step.run({});
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
  expect([...first]).toEqual([1]);
  expect(state.get('w').at(-1)).toBe(2);
  await step.release();
});
