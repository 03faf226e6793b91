/** `node timeSteps.ts` times the steps of every calibration on the CPU and prints the times as JSON. */
import { tmpdir } from 'node:os';
import type { ExperimentConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { taskOf } from '#tasks/index';
import { calibrations, type StepTimes } from './calibrations.ts';
import { openUntried } from './device.ts';
import { compileLearner } from './learner.ts';
import { planOf } from './protocol.ts';
import { prepareWeights } from './weights.ts';

/** Each step and each evaluation is repeated for this many milliseconds. */
const span = 400;
const home = process.argv[2] ?? tmpdir();

async function timeSteps(config: ExperimentConfig): Promise<StepTimes> {
  const began = performance.now();
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const plan = planOf(config, task.readsWholeBatches);
  const weights = prepareWeights({ config, model, home, log: () => {} });
  const device = await openUntried('cpu', { weightFolder: weights.folder });
  const learner = await compileLearner({ config, task, shape, model, plan, weights, dataset: null, device });
  const start = performance.now() - began;
  const step = await typical(async (i) => (await learner.train(i)).read());
  const evaluation = await typical((i) => learner.evaluate('test', i, 1));
  await learner.release();
  return { start: start / 1000, step: step / 1000, evaluation: evaluation / 1000 };
}

/** Milliseconds per step on an otherwise idle machine: the lower quartile, without the first steps. */
async function typical(run: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) await run(i);
  for (const end = performance.now() + span; performance.now() < end || times.length < 3; ) {
    const start = performance.now();
    await run(times.length + 3);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 2];
}

const found: Record<string, StepTimes> = {};
for (const [name, config] of Object.entries(calibrations)) found[name] = await timeSteps(config);
console.log(JSON.stringify(found));
process.exit(0);
