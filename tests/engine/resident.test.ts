/** State behaves the same whether it stays in the host's arrays or in the memory of a device between steps. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { CompiledStep, Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { parityDevices } from '../parity/devices.ts';

const grow: Program = ({ state, inputs }) => ({
  outputs: { before: tf.add(state.w, 0) },
  state: { w: tf.add(state.w, inputs.x), times: tf.add(state.times, tf.scalar(1, 'int32')) },
});
const sum: Program = ({ state }) => ({ outputs: { sum: tf.sum(tf.add(state.w, state.still)) } });

describe.each(parityDevices)('on $name', (device) => {
  it('persists between steps, is shared with other steps, and has the value that was set last', async () => {
    const state = createState({
      w: { shape: [3], data: Float32Array.of(1, 2, 3) },
      times: { shape: [], dtype: 'int32', data: Int32Array.of(5) },
      still: { shape: [3], data: Float32Array.of(10, 20, 30) },
    });
    const open: CompiledStep[] = [];
    try {
      const compile = async (program: Program, inputs: Record<string, { shape: number[] }>) => {
        const step = await compileStep(program, { state, inputs, device });
        open.push(step);
        return step;
      };
      const growth = await compile(grow, { x: { shape: [1] } });
      const total = await compile(sum, {});
      const by = (x: number) => growth.run({ x: Float32Array.of(x) });

      await by(1);
      expect((await by(2)).before).toEqual(Float32Array.of(2, 3, 4));
      expect((await total.run({})).sum[0]).toBe(75);
      await state.settle();
      expect(state.get('w')).toEqual(Float32Array.of(4, 5, 6));
      expect(state.get('times')).toEqual(Int32Array.of(7));

      await by(1);
      state.set('w', Float32Array.of(0, 0, 1)); // the device's copy is void now
      expect((await by(1)).before).toEqual(Float32Array.of(0, 0, 1));
      await state.settle();
      expect(state.get('w')).toEqual(Float32Array.of(1, 1, 2));
      expect(state.get('times')).toEqual(Int32Array.of(9));
      expect(state.get('still')).toEqual(Float32Array.of(10, 20, 30));

      await by(1);
      if (device.kind === 'wgsl' || (device.kind === 'onnx' && device.keepsState))
        expect(() => state.get('w')).toThrow('internal: the newest value of "w" is on the device; call settle() first');
      await growth.release(); // its values stay
      open.splice(open.indexOf(growth), 1);
      expect((await total.run({})).sum[0]).toBe(67);
      expect(state.get('w')).toEqual(Float32Array.of(2, 2, 3));
    } finally {
      await state.release();
      for (const step of open) await step.release();
    }
  });
});
