/** Runs on sequences of different lengths: one program for each length, the same weights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { buildModel } from '#models/index';
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
  return compileLearner({ config, task, shape, model, plan, weights, dataset: dataset(), device });
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
