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
  /** The device that computed it, by its own name; null if unknown. */
  device: string | null;
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

/**
 * Seconds of a run, from the best evidence: a finished run with the same steps, else the measured speed of the processor, else a
 * finished run with other steps on the same body, which may have trained while the machine was busy. Only runs tell how fast
 * another device is than the processor.
 */
function secondsOf(
  cost: RunCost,
  config: ExperimentConfig,
  finished: readonly Finished[],
  table: BodyTable,
  measured: MachineSpeed | null,
): { seconds: number; basis: string } {
  const speed = measured ?? assumedSpeed;
  const work = secondsOfCost(cost, speed);
  const scaled = (run: Finished) =>
    (work * run.seconds) / secondsOfCost(costIn(table, run.config, run.steps / run.config.steps_per_iter), speed);
  const body = (c: ExperimentConfig) =>
    [c.model_name, c.n_layer, c.n_embd, c.freeze_trans, c.device, c.precision].join();
  const alike = finished.filter((run) => body(run.config) === body(config) && isKnown(run.config, table));
  const step = (c: ExperimentConfig) => [c.task, ...Object.values(costIn(table, { ...c, ...oneStep }, 1))].join();
  const same = alike.findLast((run) => step(run.config) === step(config));
  if (same) return { seconds: scaled(same), basis: `from ${same.id}, which took the same steps here` };
  const other = alike.at(-1);
  if (other && !(measured && other.device?.startsWith('cpu')))
    return { seconds: scaled(other), basis: `scaled from ${other.id}, which took other steps on this body here` };
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

/** The work of a config with this number of iterations; after an early stop there are fewer than planned. */
function costIn(table: BodyTable, config: ExperimentConfig, iterations: number): RunCost {
  const task = taskOf(config);
  const shape = task.shape(config);
  return costOf(config, buildModel(config, shape, table), shape, task.readsWholeBatches, iterations);
}
const oneStep = { steps_per_iter: 1, test_steps_per_iter: 1, final_test_samples: 1 };

const float = 4;
/** Size of a metric row in the journal and the store together. */
const rowBytes = 65;

/** Final size of a run: its checkpoint and best weights, three metric rows per step, two per iteration. */
export const diskOf = ({ num_iters, steps_per_iter }: ExperimentConfig, trainable: number): number =>
  float * 5 * trainable + rowBytes * num_iters * (3 * steps_per_iter + 2);
