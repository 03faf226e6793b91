/** From a config to something that can take a step: task, model, weights, data, device, compiled programs. */

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
  /** The lab's folder: models, data sets and caches. */
  home: string;
  /** CPU threads; absent: one per core. */
  threads?: number;
  journal: Journal;
  /** Aborting it ends the decoding of the data set, which may take minutes; the rest takes seconds. */
  signal?: AbortSignal;
  /** File that the graphs of the run's programs are written to, for debugging. */
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

/** Prepares a run; checks the config before it loads anything. Throws `config`, `weights`, `data`, `device`. */
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
    ...{ threads, weightFolder: weights.folder, home },
    say: (line) => journal.log('warn', line),
  });
  const loaded =
    task.dataset === null
      ? null
      : await loadDataset(task.dataset, {
          home,
          signal,
          onProgress: decodeLog(journal),
          onWait: (other) => journal.log('info', `Waiting for ${other}, which decodes the data.`),
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

/** Writes each graph below the ones before it. */
function graphWriter(file: string): (graph: string) => void {
  writeFileSync(file, '');
  return (graph) => appendFileSync(file, `${graph}\n`);
}

/** Logs every ten seconds how far a data set is decoded. Only the first run on it waits for that. */
function decodeLog(journal: Journal): (done: number, total: number | null, unit: string) => void {
  let next = performance.now();
  return (done, total, unit) => {
    if (performance.now() < next) return;
    next = performance.now() + 10_000;
    journal.log('info', `Decoding the data: ${done}${total === null ? '' : ` of ${total}`} ${unit}.`);
  };
}
