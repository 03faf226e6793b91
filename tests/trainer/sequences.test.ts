/** Runs on sequences of different lengths: one program for each length, the same weights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { buildModel } from '#models/index';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { taskOf } from '#tasks/index';
import { raggedSamples } from '#tasks/samples';
import type { Dataset } from '#tasks/task';
import { compileLearner } from '#trainer/learner';
import { planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';
import { difference, tracedCpu } from '../engine/devices.ts';
import { tiny } from './lab.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-sequences-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** Molecules of 3 to 150 random tokens. */
function dataset(): Dataset {
  const random = randomStream(2, 'molecules');
  const lengths = Array.from({ length: 48 }, (_, i) => (i % 8 === 0 ? 3 + random.below(147) : 3 + random.below(20)));
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  const ids = Int32Array.from({ length: starts[48] }, () => 3 + random.below(900));
  const set = raggedSamples(
    ids,
    starts,
    Int32Array.from(lengths, () => random.below(2)),
  );
  return { train: set, test: set };
}

/** Chains of 2 to 90 carbons. */
function chains(): Dataset {
  const random = randomStream(3, 'chains');
  const sizes = Array.from({ length: 48 }, (_, i) => (i % 6 === 0 ? 2 + random.below(89) : 2 + random.below(30)));
  const starts = [0];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size * atomWidth);
  const values = Float32Array.from({ length: starts[48] }, (_, i) => [6, 2, 2][i % atomWidth] ?? random.below(2));
  const set = raggedSamples(
    values,
    starts,
    Int32Array.from(sizes, () => random.below(2)),
  );
  return { train: set, test: set };
}

async function learnerOf(settings: object) {
  const config = parseConfig({
    ...tiny,
    n: null,
    num_patterns: null,
    task: 'cyp3a4',
    n_positions: 512,
    body_dropout: 0,
    dropout: 0,
    ...settings,
  });
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const weights = prepareWeights({ config, model, home, log: () => {} });
  const plan = planOf(config, task.readsWholeBatches);
  const device = { ...tracedCpu, weightFolder: weights.folder };
  const samples = task.dataset === 'cyp3a4' ? dataset() : chains();
  return compileLearner({ config, task, shape, model, plan, weights, dataset: samples, device });
}

/** Losses and gradient norms of six steps. */
async function wayOf(learner: Awaited<ReturnType<typeof learnerOf>>): Promise<number[]> {
  const way: number[] = [];
  for (let step = 0; step < 6; step++) {
    const { loss, gradNorm } = await (await learner.train(step)).read();
    way.push(loss, gradNorm);
  }
  return way;
}

it('a sample that is read at its own end learns the same, however long the padding of its batch', async () => {
  const whole = await learnerOf({ batch_size: 8, gpu_batch_size: 8 });
  const parts = await learnerOf({ batch_size: 8, gpu_batch_size: 2 }); // its micro-batches have other lengths
  const nodes = whole.stats.nodes;
  const way = await wayOf(whole);
  expect(whole.stats.nodes).toBeGreaterThan(nodes); // more lengths were compiled meanwhile
  expect(difference(await wayOf(parts), way)).toBeLessThan(1e-4);
  const tested = [await whole.evaluate('test', 0, 6), await parts.evaluate('test', 0, 24)];
  expect([...tested[0]!.scores]).toEqual([...tested[1]!.scores]);
  await whole.release();
  await parts.release();
}, 120_000);

it("the reference reads where the longest sample of the batch ends, so there a sample's batch matters", async () => {
  const own = await learnerOf({ batch_size: 8, gpu_batch_size: 8 });
  const batch = await learnerOf({ batch_size: 8, gpu_batch_size: 8, variant: 'reference' });
  expect(difference(await wayOf(batch), await wayOf(own))).toBeGreaterThan(1e-3);
  await own.release();
  await batch.release();
}, 120_000);

it('a run without padding that continues elsewhere gets the same bits, whichever programs were compiled before', async () => {
  const settings = {
    ...{ task: 'cyp3a4-graph', model_name: 'mat', freeze_trans: false, n_layer: 1, n_embd: 16, n_head: 2 },
    ...{ n_positions: null, body_dropout: 0.1, batch_size: 4, gpu_batch_size: 4 },
  };
  const whole = await learnerOf(settings);
  const continued = await learnerOf(settings);
  const train = async (learner: typeof whole, steps: readonly number[]) => {
    for (const step of steps) await (await learner.train(step)).read();
    await learner.state.settle();
  };
  await train(whole, [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const name of Object.keys(whole.state.specs)) continued.state.set(name, whole.state.get(name));
  await train(whole, [8, 9]);
  await train(continued, [8, 9]);
  expect(whole.stats.nodes).toBeGreaterThan(continued.stats.nodes); // it compiled more programs
  for (const name of Object.keys(whole.state.specs)) expect(continued.state.get(name)).toEqual(whole.state.get(name));
  await whole.release();
  await continued.release();
}, 120_000);
