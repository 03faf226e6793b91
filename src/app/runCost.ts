/** The work of a run, in the units in which a machine's speed is measured. Pure. */

import type { ExperimentConfig } from '#contract/config';
import { elementsOf } from '#formats/array';
import type { Model } from '#models/model';
import type { TaskShape } from '#tasks/task';
import { planOf } from '#trainer/protocol';

/** The amount of each kind of work in a run. */
export interface RunCost {
  /** Program calls: one for each micro-batch of a step, a third for each batch of an evaluation. */
  programs: number;
  /** Products of a weight matrix with a batch, forward and backward together. */
  products: number;
  /** Values between two products. */
  values: number;
  /** Multiply-adds × 2. */
  operations: number;
  /** Updates of a trained parameter. */
  updates: number;
}
export const costNames = [
  'programs',
  'products',
  'values',
  'operations',
  'updates',
] as const satisfies (keyof RunCost)[];

/** Seconds for each unit of work. */
export type MachineSpeed = RunCost & {
  /** Seconds from the start of a run to its first step. */
  start: number;
};

/** A forward pass, as a share of a training step. */
const forwardShare = 1 / 3;

/** Tokens of a sample inside the transformer. */
export const tokensOf = ({ embedding, tokens, width, inputDim }: TaskShape): number =>
  embedding ? tokens : (tokens * width) / inputDim;

/** The work of a run with this number of iterations. */
export function costOf(
  config: ExperimentConfig,
  model: Model,
  shape: TaskShape,
  readsWholeBatches: boolean,
  iterations = config.num_iters,
): RunCost {
  const plan = planOf(config, readsWholeBatches);
  const steps = iterations * config.steps_per_iter;
  const batches = iterations * plan.testBatches + plan.finalBatches;
  const tokens = shape.meanLengths?.[0] ?? tokensOf(shape); // most batches have the least mean length
  const trained = steps * plan.microBatches * plan.microBatch * tokens;
  const tested = batches * plan.evalBatch * tokens;
  const matrices = Object.entries(model.parameters)
    .filter(([name, size]) => size.length > 1 && model.isUsed(name))
    .map(([, size]) => elementsOf(size));
  const sum = (of: (weights: number) => number) => matrices.reduce((total, weights) => total + of(weights), 0);
  // a forward pass, a backward pass to the inputs, and for trained weights a third pass
  const isFrozen = config.freeze_trans && config.freeze_attn && config.freeze_ff;
  const passes = isFrozen ? 2 : 3;
  const programs = steps * plan.microBatches + forwardShare * batches;
  const updated = Object.entries(model.parameters).filter(([name]) => model.isTrainable(name));
  return {
    programs,
    products: matrices.length * programs,
    values: (trained + forwardShare * tested) * sum(Math.sqrt), // as wide as a square matrix of that size
    operations: 2 * (passes * trained + tested) * sum((weights) => weights),
    updates: steps * updated.reduce((total, [, size]) => total + elementsOf(size), 0),
  };
}

/** Seconds of work on a machine, without the start of a run. */
export const secondsOfCost = (cost: RunCost, speed: MachineSpeed): number =>
  costNames.reduce((sum, name) => sum + cost[name] * speed[name], 0);

/** The assumed speed of a machine that has not been measured: two cores of a laptop of 2020. */
export const assumedSpeed: MachineSpeed = {
  ...{ start: 2, programs: 4e-4, products: 3e-5, values: 2e-9, operations: 1 / 80e9, updates: 2e-9 },
};

/** A timed step and its work. */
export interface TimedStep {
  cost: RunCost;
  seconds: number;
}

/**
 * Fits a machine's speed to timed steps, one for each kind of work, which dominates it. Kinds of work without a timed step keep
 * their assumed speed.
 */
export function fitSpeed(timed: Partial<Record<keyof RunCost, TimedStep>>, start: number): MachineSpeed {
  const speed = { ...assumedSpeed, start };
  const known = costNames.filter((name) => timed[name]);
  for (let round = 0; round < rounds; round++) {
    for (const name of known) {
      const { cost, seconds } = timed[name]!;
      const rest = secondsOfCost(cost, speed) - cost[name] * speed[name];
      speed[name] = Math.max(seconds - rest, seconds * least) / cost[name];
    }
  }
  return speed;
}
/** Rounds of the Gauss-Seidel method. */
const rounds = 100;
/** The smallest share of a step's time that counts for its own kind of work, since timings are noisy. */
const least = 0.05;
