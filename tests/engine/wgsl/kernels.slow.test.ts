/** Every row of the kernel table in WGSL: what the eager kernel computes, values and gradients. */
import { describe, expect, it } from 'vitest';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { gpuDevices } from '../../parity/devices.ts';
import { difference, eagerCpu } from '../devices.ts';
import { inputsOf, kernelCases, programOf } from '../kernelCases.ts';
import { planOf } from './trainingStep.ts';

/** WGSL lets a GPU compute exponentials and quotients to a few units in the last place. */
const tolerance = 1e-5;

it.each(Object.entries(kernelCases))('%s becomes WGSL, GPU or not', (kernel, list) => {
  list.forEach((c, i) => {
    const { inputs } = inputsOf(kernel, c, i);
    const { outputs } = planOf({ program: programOf(c), state: createState({}), inputs, frozen: {} });
    expect(outputs.size).toBeGreaterThan(0);
  });
});

describe.each(gpuDevices)('on $name', (device) => {
  describe.each(Object.entries(kernelCases))('%s', (kernel, list) => {
    it.each(list.map((c, i) => ({ ...c, i })))('computes the same as eagerly, case $i on $shapes', async (c) => {
      const { inputs, batch } = inputsOf(kernel, c, c.i);
      const printed: string[] = [];
      const run = async (on: typeof device) => {
        const state = createState({});
        const options = { state, inputs, device: on, print: (text: string) => printed.push(text) };
        const step = await compileStep(programOf(c), options);
        const outputs = await step.run(batch, [1, 2]);
        await step.release();
        return outputs;
      };
      const [found, eager] = [await run(device), await run(eagerCpu)];
      expect(Object.keys(found)).toEqual(Object.keys(eager));
      for (const name of Object.keys(eager)) {
        const what = `${kernel} ${name} on ${JSON.stringify(c.shapes)}`;
        expect(difference(found[name], eager[name]), `${what}\n${printed.join('\n')}`).toBeLessThan(tolerance);
      }
    });
  });
});
