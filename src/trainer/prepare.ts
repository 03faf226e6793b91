/** Prepares everything that a run needs for its first step: task, model, weights, data, device, compiled programs. */

import { appendFileSync, writeFileSync } from 'node:fs';
import type { ExperimentConfig } from '#contract/config';
import { durationText } from '#contract/format';
import type { Device } from '#engine/device';
import { buildModel } from '#models/index';
import type { Model } from '#models/model';
import { refuseAllFrozen } from '#models/steps';
import type { Journal } from '#runFolder/journal';
import { taskOf } from '#tasks/index';
import type { Task } from '#tasks/task';
import { knownBodies } from '#zoo/bodies';
import { loadDataset } from '#zoo/loadDataset';
import { chooseDevice } from './chooseDevice.ts';
import { openDevices } from './device.ts';
import { compileLearner, type Learner } from './learner.ts';
import { planOf, type TrainingPlan } from './protocol.ts';
import { prepareWeights, type Weights } from './weights.ts';

export interface PrepareOptions {
  config: ExperimentConfig;
  /** The Permafrost home: models, data sets and caches. */
  home: string;
  /** Number of CPU threads; one per core by default. */
  threads?: number;
  journal: Journal;
  /** Aborts the decoding of the data set, which may take minutes. Everything else takes seconds. */
  signal?: AbortSignal;
  /** A file for the graphs of the run's programs, for debugging. */
  graphFile?: string;
}

export interface Prepared {
  task: Task;
  model: Model;
  plan: TrainingPlan;
  learner: Learner;
  weights: Weights;
  device: Device;
}

/** Prepares a run. Checks the config before it loads anything. Throws `config`, `weights`, `data` or `device`. */
export async function prepare({
  config,
  home,
  threads,
  journal,
  signal,
  graphFile,
}: PrepareOptions): Promise<Prepared> {
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape, knownBodies(home));
  refuseAllFrozen(config, model);
  const plan = planOf(config, task.readsWholeBatches);
  const weights = prepareWeights({ config, model, home, log: (text) => journal.log('info', text) });
  const devices = await openDevices(config.device, {
    ...{ threads, weightFolder: weights.folder, home, precision: config.precision },
    say: (line) => journal.log('warn', line),
  });
  const loaded =
    task.dataset === null
      ? null
      : await loadDataset(task.dataset, {
          home,
          signal,
          onProgress: decodeLog(journal),
          onWait: (other) => journal.log('info', `Waiting for ${other}, which is decoding the data.`),
        });
  if (loaded?.remark) journal.log('info', loaded.remark);
  for (const note of loaded?.notes ?? []) journal.log('warn', note);
  const dataset = loaded?.dataset ?? null;
  const compile = (device: Device, trained: Weights['trained'], print?: (graph: string) => void) =>
    compileLearner({ config, task, shape, model, plan, weights: { ...weights, trained }, dataset, device, print });
  const device = await chooseDevice(devices, (each) => compile(each, structuredClone(weights.trained)), plan, journal);
  const learner = await compile(device, weights.trained, graphFile === undefined ? undefined : graphWriter(graphFile));
  const { nodes, traceMs, compileMs } = learner.stats;
  journal.log(
    'info',
    `Compiled ${nodes} nodes: traced in ${durationText(traceMs / 1000)}, loaded in ${durationText(compileMs / 1000)}.`,
  );
  return { task, model, plan, learner, weights, device };
}

/** Empties the file, then appends each graph to it. */
function graphWriter(file: string): (graph: string) => void {
  writeFileSync(file, '');
  return (graph) => appendFileSync(file, `${graph}\n`);
}

/** Logs the progress of decoding a data set every ten seconds. Only the first run on a data set decodes it. */
function decodeLog(journal: Journal): (done: number, total: number | null, unit: string) => void {
  let next = performance.now();
  return (done, total, unit) => {
    if (performance.now() < next) return;
    next = performance.now() + 10_000;
    journal.log('info', `Decoding the data: ${done}${total === null ? '' : ` of ${total}`} ${unit}.`);
  };
}
