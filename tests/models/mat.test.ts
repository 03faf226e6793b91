/** The Molecule Attention Transformer without padding: what it computes on all tokens of a padded batch. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { valueAndGradients } from '#engine/gradients';
import type { CompiledStep, Program } from '#engine/program';
import { createState } from '#engine/state';
import { compileStep } from '#engine/step';
import { buildModel } from '#models/index';
import { atomWidth, cyp3a4Graph } from '#tasks/cyp3a4Graph';
import { raggedSamples } from '#tasks/samples';
import type { Batch } from '#tasks/task';
import { inputsOf } from '#trainer/learner';
import { batchSpecs, formOf } from '#trainer/programs';
import { devices, difference } from '../engine/devices.ts';

const samples = 3;
const config = parseConfig({
  ...{ task: 'cyp3a4-graph', model_name: 'mat', pretrained: false, freeze_trans: false },
  ...{ n_layer: 2, n_embd: 16, n_head: 4, body_dropout: 0.2, batch_size: samples, gpu_batch_size: samples },
});
const shape = cyp3a4Graph.shape(config);
const model = buildModel(config, shape);

/** Chains of 40, 7 and 2 atoms. */
function someBatch(): Batch {
  const random = randomStream(3, 'chains');
  const sizes = [40, 7, 2];
  const starts = [0, 40, 47, 49].map((atoms) => atoms * atomWidth);
  const values = new Float32Array(starts[3]);
  for (const [molecule, atoms] of sizes.entries())
    for (let a = 0; a < atoms; a++) {
      const bound = [a, a + 2].filter((number) => number >= 1 && number <= atoms);
      const place = [1.5 * a, random.normal(), random.normal()];
      values.set([6 + random.below(3), bound.length, 2, 0, 0, 0, ...place, ...bound], starts[molecule] + a * atomWidth);
    }
  const set = raggedSamples(values, starts, Int32Array.of(0, 1, 1));
  const batches = cyp3a4Graph.batches(
    config,
    { train: set, test: set },
    {
      ...{ seed: 0, sizes: { train: samples, test: samples, final: samples } },
    },
  );
  return batches.batch('test', 0);
}

const program: Program = ({ state, inputs, noise }) => {
  let logits!: tf.Tensor;
  const { value, gradients } = valueAndGradients((p) => {
    logits = tf.keep(model.forward(p, inputs.x, noise, undefined, inputs));
    return cyp3a4Graph.loss(config)(logits, inputs.y);
  }, state);
  return { outputs: { ...gradients, loss: value, logits } };
};

describe.each(devices)('on $name', (device) => {
  const steps: CompiledStep[] = [];
  const run = async (batch: Batch) => {
    const weights = Object.entries(model.parameters).map(([name, shape]) => [
      name,
      { shape, data: model.initialValue(name, 0) },
    ]);
    const inputs = batchSpecs(shape, formOf(shape, batch), samples);
    const step = await compileStep(program, { state: createState(Object.fromEntries(weights)), inputs, device });
    steps.push(step);
    return step.run(inputsOf(batch), [5, 0]);
  };
  let whole: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    whole = await run({ ...someBatch(), computed: undefined });
  });
  afterAll(() => Promise.all(steps.map((step) => step.release())));

  it('logits, loss and gradients are those of the padded batch, with the same dropout', async () => {
    const batch = someBatch();
    expect([batch.computed!.length, batch.x.length / 47]).toEqual([28 * samples, 64 * samples]);
    const unpadded = await run(batch);
    expect(Object.keys(unpadded)).toEqual(Object.keys(whole));
    for (const [name, values] of Object.entries(whole)) {
      if (name.endsWith('linears.1.bias')) continue; // softmax ignores the bias of keys, so its gradient is rounding noise
      expect(difference(unpadded[name], values), name).toBeLessThan(2e-5);
    }
  });

  it('more padding among the computed tokens changes nothing', async () => {
    const all = Int32Array.from({ length: 64 * samples }, (_, i) => i);
    const { loss, logits } = await run({ ...someBatch(), computed: all });
    expect(difference(logits, whole.logits)).toBeLessThan(1e-6);
    expect(difference(loss, whole.loss)).toBeLessThan(1e-6);
  });

  it('a batch that leaves out a real token is another one', async () => {
    const batch = someBatch();
    const { logits } = await run({ ...batch, computed: batch.computed!.slice(1) });
    expect(difference(logits, whole.logits)).toBeGreaterThan(1e-3);
  });
});
