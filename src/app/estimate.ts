/** Estimates the cost of a run before it starts: counts work from shapes, and scales it by finished runs or this machine's speed. */

import type { Estimate, ParameterGroup } from '#contract/catalogue';
import type { ConfigField, ExperimentConfig } from '#contract/config';
import { elementsOf } from '#formats/array';
import { bodyPrefix } from '#models/body';
import { type BodyTable, bodies, buildModel, isNetwork } from '#models/index';
import { blockOf, trainingBytes } from '#models/memory';
import { countParameters, type Model } from '#models/model';
import { taskOf, tasks } from '#tasks/index';
import { assumedSpeed, costOf, type MachineSpeed, type RunCost, secondsOfCost, tokensOf } from './runCost.ts';

const ownName = (name: string): string => (name.startsWith(bodyPrefix) ? name.slice(bodyPrefix.length) : name);
const partOf: Partial<Record<ConfigField, ParameterGroup['part']>> = {
  freeze_pos: 'positions',
  freeze_ln: 'norm',
  freeze_attn: 'attention',
  freeze_ff: 'feed-forward',
};

/** Which part of the network a parameter belongs to, and the flag that freezes it. */
function placeOf(name: string, model: Model): Pick<ParameterGroup, 'part' | 'block' | 'flag'> {
  const flag = model.freezeFlag(name);
  if (flag === 'freeze_in') return { part: 'input', block: null, flag };
  if (flag === 'freeze_out') return { part: 'output', block: null, flag };
  const unflagged = name.includes('position') ? 'positions' : 'tokens';
  return { part: (flag && partOf[flag]) ?? unflagged, block: blockOf(ownName(name)), flag };
}

const order: readonly ParameterGroup['part'][] = ['input', 'tokens', 'positions', 'norm', 'attention', 'feed-forward'];
/** Sorts groups: input, embeddings, blocks, the final layer norm, output. */
function depth({ part, block }: ParameterGroup): number {
  if (part === 'output') return 1e6;
  const inside = order.indexOf(part);
  if (block !== null) return 10 * (block + 1) + inside;
  return part === 'norm' ? 1e5 : inside;
}

/** Groups the parameters that are frozen together, from input to output. */
export function parameterGroups(model: Model): ParameterGroup[] {
  const groups = new Map<string, ParameterGroup>();
  for (const [name, shape] of Object.entries(model.parameters)) {
    const place = placeOf(name, model);
    const key = `${place.part} ${place.block} ${place.flag}`;
    const group = groups.get(key) ?? { ...place, count: 0, trained: model.isTrainable(name) };
    group.count += elementsOf(shape);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => depth(a) - depth(b));
}

/** A finished run in the store. */
export interface Finished {
  id: string;
  config: ExperimentConfig;
  /** Number of optimizer steps. */
  steps: number;
  seconds: number;
}

export interface EstimateOptions {
  /** Finished runs of this machine, oldest first. */
  finished: readonly Finished[];
  table?: BodyTable;
  /** The measured speed of this machine; null if it has not been measured. */
  speed?: MachineSpeed | null;
  isMeasuring?: boolean;
}

/** Estimates parameters, time, memory and disk of a config. Throws `config`. */
export function estimateOf(
  config: ExperimentConfig,
  { finished, table = bodies, speed = null, isMeasuring = false }: EstimateOptions,
): Estimate {
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape, table);
  const { trainable, total } = countParameters(model);
  const cost = costOf(config, model, shape, task.readsWholeBatches);
  return {
    trainable,
    total,
    groups: parameterGroups(model),
    steps: config.num_iters * config.steps_per_iter,
    ...secondsOf(cost, config, finished, table, speed),
    isMeasuring,
    memoryBytes: trainingBytes(model, Math.min(config.batch_size, config.gpu_batch_size), tokensOf(shape)),
    diskBytes: diskOf(config, trainable),
  };
}

/** Seconds of a run, scaled from a finished run of the same body, or else from the speed of the machine. */
function secondsOf(
  cost: RunCost,
  config: ExperimentConfig,
  finished: readonly Finished[],
  table: BodyTable,
  measured: MachineSpeed | null,
): { seconds: number; basis: string } {
  const speed = measured ?? assumedSpeed;
  const body = (c: ExperimentConfig) =>
    [c.model_name, c.n_layer, c.n_embd, c.freeze_trans, c.device, c.precision].join();
  const alike = finished.filter((run) => body(run.config) === body(config) && isKnown(run.config, table));
  const same = alike.findLast((run) => run.config.task === config.task);
  const like = same ?? alike.at(-1);
  const work = secondsOfCost(cost, speed);
  if (like) {
    const basis = same ? `from the speed of ${like.id} on this machine` : `scaled from ${like.id}, which finished here`;
    return { seconds: (work * like.seconds) / secondsOfCost(costOfFinished(like, table), speed), basis };
  }
  return {
    seconds: speed.start + work,
    basis: measured
      ? 'from the measured speed of the processor'
      : 'for two cores of a laptop: no similar run has finished here, and the speed of this machine has not been measured',
  };
}

/** Whether this version of Permafrost has the task and the body of a run. */
const isKnown = ({ task, model_name }: ExperimentConfig, table: BodyTable): boolean =>
  Object.hasOwn(tasks, task) && (Object.hasOwn(table, model_name) || isNetwork(model_name));

function costOfFinished({ config, steps }: Finished, table: BodyTable): RunCost {
  const task = taskOf(config);
  const shape = task.shape(config);
  const iterations = steps / config.steps_per_iter; // fewer than planned after an early stop
  return costOf(config, buildModel(config, shape, table), shape, task.readsWholeBatches, iterations);
}

const float = 4;
/** Size of a metric row in the journal and the store together. */
const rowBytes = 65;

/** Final size of a run: its checkpoint and best weights, three metric rows per step, two per iteration. */
export const diskOf = ({ num_iters, steps_per_iter }: ExperimentConfig, trainable: number): number =>
  float * 5 * trainable + rowBytes * num_iters * (3 * steps_per_iter + 2);
