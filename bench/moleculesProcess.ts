/**
 * `node moleculesProcess.ts '{"atoms": [12, 31, …], "freeze_trans": false, "threads": 2, "batch": 16, "steps": 30}'` trains MAT on
 * molecules of these numbers of atoms. Prints one JSON object.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { taskOf } from '#tasks/index';
import { raggedSamples } from '#tasks/samples';
import type { Dataset } from '#tasks/task';
import { openUntried } from '#trainer/device';
import { compileLearner } from '#trainer/learner';
import { planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';

export interface MoleculesSetting {
  /** Number of heavy atoms of each molecule. */
  atoms: number[];
  freeze_trans: boolean;
  threads: number;
  batch: number;
  steps: number;
}
export interface MoleculesFigures {
  /** Median of the steps that compile nothing. */
  'ms a step': number;
  /** Peak of resident memory. */
  MB: number;
  /** Programs of steps that were compiled. */
  programs: number;
  'ms to compile one': number;
  'tokens without padding': number;
  'tokens computed': number;
  'tokens with padding': number;
}

const setting: MoleculesSetting = JSON.parse(process.argv[2]);
const { atoms, freeze_trans, threads, batch, steps } = setting;

/** Chains of carbons. */
function chains(): Dataset {
  const starts = [0];
  for (const count of atoms) starts.push(starts.at(-1)! + count * atomWidth);
  const values = new Float32Array(starts.at(-1)!);
  for (const [molecule, count] of atoms.entries())
    for (let a = 0; a < count; a++) {
      const bound = [a, a + 2].filter((number) => number >= 1 && number <= count);
      const place = [1.3 * a, (a % 2) * 0.8, 0];
      values.set([6, bound.length, 2, 0, 0, 0, ...place, ...bound], starts[molecule] + a * atomWidth);
    }
  const set = raggedSamples(
    values,
    starts,
    atoms.map((_, i) => i % 2),
  );
  return { train: set, test: set };
}

const config = parseConfig({
  ...{ task: 'cyp3a4-graph', model_name: 'mat', pretrained: false, learning_rate: 1e-5, freeze_trans },
  ...{ batch_size: batch, gpu_batch_size: batch },
});
const task = taskOf(config);
const shape = task.shape(config);
const model = buildModel(config, shape);
const home = join(import.meta.dirname, '.cache');
const weights = prepareWeights({ config, model, home, log: () => {} });
const device = await openUntried('cpu', { threads, weightFolder: weights.folder, home });
const plan = planOf(config, task.readsWholeBatches);
const dataset = chains();
let programs = 0;
const print = () => {
  programs++;
};
const learner = await compileLearner({ config, task, shape, model, plan, weights, dataset, device, print });
programs--; // the evaluation's
await (await learner.train(0)).read(); // warm-up
const times: number[] = [];
const sums = { own: 0, computed: 0, padded: 0 };
const batches = task.batches(config, dataset, {
  seed: config.seed,
  sizes: { train: batch, test: batch, final: batch },
});
for (let i = 1; i <= steps; i++) {
  const { chosen, computed, tokens = shape.tokens } = batches.batch('train', i);
  sums.own += Array.from(chosen!, (molecule) => atoms[molecule] + 1).reduce((a, b) => a + b, 0);
  sums.computed += computed?.length ?? batch * tokens;
  sums.padded += batch * tokens;
  const before = programs;
  const start = performance.now();
  await (await learner.train(i)).read();
  if (programs === before) times.push(performance.now() - start);
}
const figures: MoleculesFigures = {
  'ms a step': times.sort((a, b) => a - b)[Math.floor(times.length / 2)],
  MB: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024,
  programs,
  'ms to compile one': (learner.stats.traceMs + learner.stats.compileMs) / (programs + 1),
  'tokens without padding': sums.own / steps,
  'tokens computed': sums.computed / steps,
  'tokens with padding': sums.padded / steps,
};
console.log(JSON.stringify(figures));
process.exit(0);
