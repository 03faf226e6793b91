/** Every row of the kernel table: the traced graph computes what the eager kernel computes, values and gradients. */
import { describe, expect, it } from 'vitest';
import { lowerings, ownLowerings } from '#engine/kernels';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { difference, eagerCpu, tracedCpu } from './devices.ts';
import { inputsOf, kernelCases, programOf } from './kernelCases.ts';

describe.each(Object.entries(kernelCases))('%s', (kernel, list) => {
  it.each(list.map((c, i) => ({ ...c, i })))('computes the same traced and eagerly, case $i on $shapes', async (c) => {
    const { inputs, batch } = inputsOf(kernel, c, c.i);
    const results = [];
    let graph = '';
    const print = (text: string) => {
      graph = text;
    };
    for (const device of [tracedCpu, eagerCpu]) {
      const step = await compileStep(programOf(c), { state: createState({}), inputs, device, print });
      results.push(await step.run(batch, [1, 2]));
      await step.release();
    }
    const [traced, eager] = results;
    expect(Object.keys(traced)).toEqual(Object.keys(eager));
    for (const name of Object.keys(eager)) {
      const what = `${kernel} ${name} on ${JSON.stringify(c.shapes)}`;
      expect(difference(traced[name], eager[name]), `${what}\n${graph}`).toBeLessThan(2e-6);
    }
  });
});

it('has a case for every row of the kernel table, and no case without a row', () => {
  expect(Object.keys(kernelCases).sort()).toEqual([...Object.keys(lowerings), ...Object.keys(ownLowerings)].sort());
});
