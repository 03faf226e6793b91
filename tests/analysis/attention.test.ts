/** Attention maps: the reference's numbers, and a run's maps from a separate process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionOf, attentionProgram } from '#analysis/attention';
import { createAnalyst } from '#analysis/jobs';
import { openRunNetwork, type RunNetworkOptions } from '#analysis/runNetwork';
import { type Attention, attentionLayer, headMap, layerWeights } from '#contract/analysis';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { mapCsv } from '#formats/mapCsv';
import { difference, tracedCpu } from '../engine/devices.ts';
import { experimentOf, frozenOf } from '../parity/experiment.ts';
import { goldenOf } from '../parity/golden.ts';
import { finishRun, type Lab, openLab, type Run } from '../trainer/lab.ts';

const settings = { patch_size: 1, n: 3, n_layer: 2, num_iters: 3 };
const analyst = createAnalyst();
let lab: Lab;
let run: Run;
beforeAll(async () => {
  lab = openLab();
  run = lab.addRun('bits', settings);
  expect(await finishRun(run)).toMatchObject({ code: 0 });
});
afterAll(() => {
  analyst.close();
  lab.remove();
});
const place = () => ({ folder: run.folder, home: lab.home });
async function mapsAt(options: Partial<RunNetworkOptions>): Promise<Attention[]> {
  const network = openRunNetwork({ ...place(), checkpoint: 'last', ...options });
  return attentionOf(network, lab.home, { ...tracedCpu, weightFolder: network.weights.folder }, 0);
}

it.each(goldenOf('FPT direct forward'))('$name: every row of every layer is the reference’s', async (golden) => {
  const { model } = experimentOf(golden, 'reference');
  const { shape, data } = golden.tensor('x');
  const step = await compileStep(
    attentionProgram(model, () => {}),
    {
      ...{ state: createState({}), inputs: { x: { shape } }, device: tracedCpu },
      frozen: frozenOf(golden, Object.keys(model.parameters)),
    },
  );
  const { logits, ...maps } = await step.run({ x: data });
  await step.release();
  expect(difference(logits, golden.tensor('logits').data)).toBeLessThan(1e-4);
  const expected = golden.tensors('attentions.');
  expect(Object.keys(maps)).toHaveLength(Object.keys(expected).length);
  for (const [layer, { data }] of Object.entries(expected))
    expect(difference(maps[`attention/${layer}`], data), `layer ${layer}`).toBeLessThan(1e-5);
});

describe('of a run', () => {
  let samples: Attention[];
  beforeAll(async () => {
    samples = await analyst.ask('attention', { ...place(), checkpoint: 'last', sample: 0 });
  });

  it('every token attends to itself and earlier tokens, with weights that sum to 1', () => {
    for (const { layers, heads, tokens } of samples) {
      const t = tokens.length;
      expect([layers.length, heads, t]).toEqual([2, 2, 6]);
      for (const weights of layers) {
        expect(weights).toHaveLength(heads * t * t);
        for (let row = 0; row < heads * t; row++) {
          const looks = weights.subarray(row * t, (row + 1) * t);
          expect(looks.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
          expect(looks.slice((row % t) + 1).every((weight) => weight === 0)).toBe(true);
        }
      }
    }
  });

  it('tokens are the bits of the two strings, and the score is the share of bits answered as their XOR', () => {
    expect(samples.map(({ sample }) => sample)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { tokens, data, answer, score } of samples) {
      const bits = tokens.map(Number);
      const xor = [0, 1, 2].map((i) => bits[i] ^ bits[i + 3]);
      expect(data.samples[0].y).toEqual(xor);
      expect(score).toBeCloseTo(answer.filter((bit, i) => bit === xor[i]).length / 3);
    }
  });

  it('a checkpoint is found by its name or its step, and each has different maps for the same sample', async () => {
    const [start] = await mapsAt({ checkpoint: 'start' });
    const [byStep] = await mapsAt({ checkpoint: 30 });
    expect(start.checkpoint).toEqual({ name: 'start', step: 0 });
    expect(difference(byStep.layers[0], samples[0].layers[0])).toBeLessThan(1e-6);
    expect(byStep.checkpoint).toEqual({ name: 'last', step: 30 });
    expect(start.data).toEqual(byStep.data);
    expect(start.layers[0]).not.toEqual(byStep.layers[0]);
    await expect(mapsAt({ checkpoint: 7 })).rejects.toMatchObject({
      code: 'notFound',
      message: expect.stringMatching(/no checkpoint of step 7\. It has: last \(step 30\), .*start \(step 0\)/),
    });
  });

  it('a network without attention is refused with a reason', async () => {
    const lstm = lab.addRun('lstm', { model_name: 'lstm', freeze_trans: false, num_iters: 1 });
    await expect(mapsAt({ folder: lstm.folder, checkpoint: 'start' })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('lstm has no attention'),
    });
  });

  it('a layer is transferred bit by bit, and its CSV has a line per token', () => {
    const layer = attentionLayer(samples[3], 1);
    expect(layerWeights(JSON.parse(JSON.stringify(layer)))).toEqual(samples[3].layers[1]);
    expect(() => attentionLayer(samples[3], 2)).toThrow(/from 0 to 1/);
    const map = headMap(samples[3].layers[1], 2, 1);
    const [header, ...lines] = [...mapCsv(map, samples[3].tokens)].map((line) => line.trimEnd().split(','));
    expect(header.slice(1)).toEqual(samples[3].tokens.map((token, i) => `${i} ${token}`));
    expect(Float32Array.from(lines.flatMap((line) => line.slice(1).map(Number)))).toEqual(map.slice());
    const mean = headMap(samples[3].layers[1], 2, 'mean');
    const other = headMap(samples[3].layers[1], 2, 0);
    expect(mean[7]).toBeCloseTo((map[7] + other[7]) / 2, 6);
  });
});
