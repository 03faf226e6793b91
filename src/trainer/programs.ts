/** The programs of a run and the specs of what they are fed, before anything is compiled or allocated. */
import type { ExperimentConfig } from '#contract/config';
import { chain, clipByGlobalNorm, optimizers } from '#engine/optim';
import type { Program, Spec } from '#engine/program';
import { schedules } from '#engine/schedule';
import type { Initial } from '#engine/state';
import type { Model } from '#models/model';
import { accumulateProgram, applyProgram, evalProgram, type Recipe, recipeSlots, trainProgram } from '#models/steps';
import type { Task, TaskShape } from '#tasks/task';
import type { TrainingPlan } from './protocol.ts';

export interface RunParts {
  config: ExperimentConfig;
  task: Task;
  shape: TaskShape;
  model: Model;
  plan: TrainingPlan;
}

export interface FedProgram {
  program: Program;
  inputs: Record<string, Spec>;
}

export interface RunPrograms {
  /** A step on a micro-batch with samples of this many tokens. */
  forward(tokens: number): FedProgram;
  /** The optimizer's step where gradients accumulate; else null. */
  apply: FedProgram | null;
  evaluation(tokens: number): FedProgram;
  /** The state beside the trained parameters. */
  slots: Record<string, Initial>;
}

const largestNorm = 1; // of the gradients together, as published
/** With `mixed` products: a power of two, so that it changes no digit of a 32-bit float. */
export const mixedLossScale = 4096;

/** Each compiled program holds packed weights and activations of its own. */
export const mostLengths = 4;

export function programsOf({ config, task, shape, model, plan }: RunParts): RunPrograms {
  const lr = schedules[config.schedule](config.learning_rate, config.warmup_steps, plan.totalSteps);
  const optimizer = chain(clipByGlobalNorm(largestNorm), optimizers[config.optimizer]({ lr }));
  const lossScale = config.precision === 'mixed' ? mixedLossScale : undefined;
  const recipe: Recipe = { model, loss: task.loss(config), optimizer, lossScale };
  const accumulates = plan.microBatches > 1;
  const forward = accumulates ? accumulateProgram(recipe, plan.microBatches) : trainProgram(recipe);
  return {
    forward: (tokens) => ({ program: forward, inputs: batchSpecs(shape, tokens, plan.microBatch) }),
    apply: accumulates && plan.totalSteps > 0 ? { program: applyProgram(recipe), inputs: {} } : null,
    evaluation: (tokens) => ({ program: evalProgram(recipe), inputs: batchSpecs(shape, tokens, plan.evalBatch) }),
    slots: recipeSlots(recipe, accumulates),
  };
}

/** Inputs of a program on a task's batches: x, y, and `at` where samples are read elsewhere than at their last token. */
export function batchSpecs(
  { width, embedding, target, targetType, readsAt }: TaskShape,
  tokens: number,
  batch: number,
): Record<string, Spec> {
  return {
    x: embedding ? { shape: [batch, tokens], dtype: 'int32' } : { shape: [batch, tokens, width] },
    y: { shape: [batch, ...target], dtype: targetType },
    ...(readsAt ? { at: { shape: [batch], dtype: 'int32' } } : {}),
  };
}
