/** A run's network at one of its checkpoints, without the optimizer. */
import type { CheckpointAt, CheckpointChoice } from '#contract/analysis';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import type { Initial } from '#engine/state';
import { buildModel } from '#models/index';
import type { Model } from '#models/model';
import { readRunConfig } from '#runFolder/config';
import { runFiles } from '#runFolder/paths';
import { type Progress, readTrained } from '#runFolder/runCheckpoint';
import { taskOf } from '#tasks/index';
import type { Task, TaskShape } from '#tasks/task';
import { prepareWeights, type Weights } from '#trainer/weights';
import { knownBodies } from '#zoo/bodies';

export interface RunNetworkOptions {
  /** The run's folder. */
  folder: string;
  home: string;
  checkpoint: CheckpointChoice;
}

export interface RunNetwork {
  config: ExperimentConfig;
  task: Task;
  shape: TaskShape;
  model: Model;
  /** Trained parameters at the checkpoint, and frozen ones. */
  weights: Weights;
  checkpoint: CheckpointAt;
}

/** Opens the network. Throws `notFound` if there is no such checkpoint, and `config` and `weights` like the trainer. */
export function openRunNetwork({ folder, home, checkpoint }: RunNetworkOptions): RunNetwork {
  const { config } = readRunConfig(folder);
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape, knownBodies(home));
  const begun = prepareWeights({ config, model, home, log: () => {} });
  const { at, trained } = trainedAt(checkpoint, runFiles(folder).checkpoint, config, begun.trained);
  return { config, task, shape, model, weights: { ...begun, trained }, checkpoint: at };
}

function trainedAt(
  wanted: CheckpointChoice,
  path: string,
  config: ExperimentConfig,
  begun: Weights['trained'],
): { at: CheckpointAt; trained: Weights['trained'] } {
  const start = { at: { name: 'start', step: 0 } as const, trained: begun };
  if (wanted === 'start') return start;
  const shapes = Object.fromEntries(Object.entries(begun).map(([name, { shape }]) => [name, shape]));
  let at: CheckpointAt = start.at;
  const read = readTrained(path, shapes, (progress) => {
    at = chosen(wanted, checkpointsOf(config, progress));
    return at.name === 'best' ? 'best' : 'last';
  });
  if (!read) at = chosen(wanted, [start.at]);
  if (!read || at.name === 'start') return start;
  const trained = Object.entries(read.values).map(([name, data]): [string, Initial] => [
    name,
    { shape: shapes[name], data },
  ]);
  return { at, trained: Object.fromEntries(trained) };
}

/** The checkpoints of a run. If several have the same step, the last one comes first. */
function checkpointsOf({ steps_per_iter }: ExperimentConfig, { step, best }: Progress): CheckpointAt[] {
  return [
    { name: 'last', step },
    ...(best ? [{ name: 'best' as const, step: best.iteration * steps_per_iter }] : []),
    { name: 'start', step: 0 },
  ];
}

function chosen(wanted: CheckpointChoice, places: readonly CheckpointAt[]): CheckpointAt {
  const found = places.find(({ name, step }) => wanted === name || wanted === step);
  if (found) return found;
  const known = places.map(({ name, step }) => `${name} (step ${step})`).join(', ');
  throw new PermafrostError(
    'notFound',
    `The run has no checkpoint ${typeof wanted === 'number' ? `of step ${wanted}` : `"${wanted}"`}. It has: ${known}.`,
  );
}
