import { expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { traceForGpu } from '#engine/wgsl/compile';
import { placeState } from '#engine/wgsl/gpuMemory';
import { planStep, stepBytes } from '#engine/wgsl/plan';
import { cyp3a4Graph } from '#tasks/cyp3a4Graph';
import { batchForms, batchSpecs, mostForms } from '#trainer/programs';
import { roomyLimits, trainingStep } from '../engine/wgsl/trainingStep.ts';

it('a task of one length has one form, and lengths come from the longest to the shortest', () => {
  const shape = cyp3a4Graph.shape(parseConfig({ task: 'cyp3a4-graph', model_name: 'mat', pretrained: false }));
  const { lengths, meanLengths, ...rest } = shape;
  expect(batchForms(rest, 4)).toEqual([{ tokens: 128 }]);
  expect(batchForms({ ...rest, lengths: [32, 128] }, 4)).toEqual([{ tokens: 128 }, { tokens: 32 }]);
  expect(batchForms({ ...rest, lengths: [8, 16], meanLengths: [4, 8, 16] }, 2)).toEqual([
    ...[16, 8].map((mean) => ({ tokens: 16, computed: 2 * mean })),
    ...[8].map((mean) => ({ tokens: 8, computed: 2 * mean })),
    ...[
      { tokens: 16, computed: 8 },
      { tokens: 8, computed: 8 },
    ],
  ]);
});

it.each([32, 1024])('of a MAT of width %s, the first forms are those that take the most memory of a GPU', (n_embd) => {
  const settings = { task: 'cyp3a4-graph', model_name: 'mat', freeze_trans: false, n_layer: 1, n_embd };
  const batch = 4;
  const { program, state, frozen } = trainingStep({ ...settings, batch_size: batch, gpu_batch_size: batch }, false);
  const shape = cyp3a4Graph.shape(parseConfig({ ...settings, pretrained: false }));
  const { places } = placeState(state.specs, roomyLimits);
  const bytes = batchForms(shape, batch).map((form) => {
    const inputs = batchSpecs(shape, form, batch);
    const { trace, values } = traceForGpu(program, { state: state.specs, inputs, frozen });
    return stepBytes(planStep(trace.graph, values, { limits: roomyLimits, placeOfState: (name) => places.get(name)! }));
  });
  expect(Math.min(...bytes.slice(0, mostForms))).toBeGreaterThanOrEqual(Math.max(...bytes.slice(mostForms)));
});
