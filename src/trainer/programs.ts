/** The programs of a run and the specs of what they are fed, before anything is compiled or allocated. */
import type { ExperimentConfig } from '#contract/config';
import { chain, clipByGlobalNorm, optimizers } from '#engine/optim';
import type { Program, Spec } from '#engine/program';
import { schedules } from '#engine/schedule';
import type { Initial } from '#engine/state';
import type { Model } from '#models/model';
import { accumulateProgram, applyProgram, evalProgram, type Recipe, recipeSlots, trainProgram } from '#models/steps';
import type { Batch, Task, TaskShape } from '#tasks/task';
import type { TrainingPlan } from './protocol.ts';

export interface RunParts {
  config: ExperimentConfig;
  task: Task;
  shape: TaskShape;
  model: Model;
  plan: TrainingPlan;
}

/** The sizes of a batch that differ within a run. */
export interface BatchForm {
  /** Tokens of a sample, with padding. */
  tokens: number;
  /** Number of tokens in the batch's `computed`; undefined if all are computed. */
  computed?: number;
}

export interface FedProgram {
  program: Program;
  inputs: Record<string, Spec>;
}

export interface RunPrograms {
  /** A step on a micro-batch. */
  forward(form: BatchForm): FedProgram;
  /** The optimizer's step where gradients accumulate; else null. */
  apply: FedProgram | null;
  evaluation(form: BatchForm): FedProgram;
  /** The state beside the trained parameters. */
  slots: Record<string, Initial>;
}

const largestNorm = 1; // of the gradients together, as published
/** With `mixed` products: a power of two, so that it changes no digit of a 32-bit float. */
export const mixedLossScale = 4096;

/** Each compiled program holds packed weights and activations of its own. */
export const mostForms = 4;

export function programsOf({ config, task, shape, model, plan }: RunParts): RunPrograms {
  const lr = schedules[config.schedule](config.learning_rate, config.warmup_steps, plan.totalSteps);
  const optimizer = chain(clipByGlobalNorm(largestNorm), optimizers[config.optimizer]({ lr }));
  const lossScale = config.precision === 'mixed' ? mixedLossScale : undefined;
  const recipe: Recipe = { model, loss: task.loss(config), optimizer, lossScale };
  const accumulates = plan.microBatches > 1;
  const forward = accumulates ? accumulateProgram(recipe, plan.microBatches) : trainProgram(recipe);
  return {
    forward: (form) => ({ program: forward, inputs: batchSpecs(shape, form, plan.microBatch) }),
    apply: accumulates && plan.totalSteps > 0 ? { program: applyProgram(recipe), inputs: {} } : null,
    evaluation: (form) => ({ program: evalProgram(recipe), inputs: batchSpecs(shape, form, plan.evalBatch) }),
    slots: recipeSlots(recipe, accumulates),
  };
}

export const formOf = (shape: TaskShape, { tokens = shape.tokens, computed }: Partial<Batch>): BatchForm => ({
  tokens,
  computed: computed?.length,
});

/** The forms that batches of `samples` can have, the largest first. */
export function batchForms({ tokens, lengths = [tokens], meanLengths }: TaskShape, samples: number): BatchForm[] {
  const forms = lengths.flatMap((tokens): BatchForm[] => {
    const means = meanLengths?.filter((mean) => mean <= tokens);
    return means ? means.map((mean) => ({ tokens, computed: samples * mean })) : [{ tokens }];
  });
  const size = ({ tokens, computed = samples * tokens }: BatchForm) => tokens * computed; // activations grow with both
  return forms.sort((a, b) => size(b) - size(a));
}

/** Inputs of a program on a task's batches: x, y, and `at` and `computed` where batches have them. */
export function batchSpecs(
  { width, embedding, target, targetType, readsAt }: TaskShape,
  { tokens, computed }: BatchForm,
  batch: number,
): Record<string, Spec> {
  return {
    x: embedding ? { shape: [batch, tokens], dtype: 'int32' } : { shape: [batch, tokens, width] },
    y: { shape: [batch, ...target], dtype: targetType },
    ...(readsAt ? { at: { shape: [batch], dtype: 'int32' } } : {}),
    ...(computed === undefined ? {} : { computed: { shape: [computed], dtype: 'int32' } }),
  };
}
