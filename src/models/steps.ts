/**
 * The programs of a run as pure functions of state: an optimizer step, its two halves for accumulated gradients, and an
 * evaluation. The state contains trained parameters, under their own names, and the optimizer's slots.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ExperimentConfig } from '#contract/config';
import { PermafrostError } from '#contract/errors';
import { valueAndGradients } from '#engine/gradients';
import { applyUpdates, asUpdates, type GradientTransform, globalNorm } from '#engine/optim';
import type { Program, Tensors } from '#engine/program';
import type { Initial } from '#engine/state';
import type { Model } from './model.ts';

export interface Recipe {
  model: Model;
  /** logits, y → mean loss, a scalar. */
  loss(logits: tf.Tensor, y: tf.Tensor): tf.Tensor;
  optimizer: GradientTransform;
  /**
   * The loss is multiplied by it before it is differentiated, and gradients are divided by it before the optimizer sees them, so that
   * small ones do not vanish in 16-bit floats. Default: 1.
   */
  lossScale?: number;
}

const accumulator = (name: string) => `sum/${name}`;

/** Names of the trained parameters, which are part of the state, in parameter order. */
export const trainedNames = (model: Model): string[] =>
  Object.keys(model.parameters).filter((name) => model.isTrainable(name) && model.isUsed(name));

/** Throws `config` if a config asks for training but freezes every parameter. */
export function refuseAllFrozen({ num_iters }: ExperimentConfig, model: Model): void {
  if (num_iters === 0 || trainedNames(model).length > 0) return;
  throw new PermafrostError(
    'config',
    'Everything is frozen, so there is nothing to train. Turn off freeze_in, freeze_ln or freeze_out, or set num_iters to 0 to evaluate the model as it is.',
  );
}

/** The state besides the parameters: the optimizer's slots, and sums of gradients if steps accumulate them. */
export function recipeSlots({ model, optimizer }: Recipe, accumulates: boolean): Record<string, Initial> {
  const shapes = Object.fromEntries(trainedNames(model).map((name) => [name, { shape: model.parameters[name] }]));
  const sums = Object.entries(shapes).map(([name, { shape }]): [string, Initial] => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [accumulator(name), { shape, data: new Float32Array(size) }];
  });
  return { ...optimizer.init(shapes), ...(accumulates ? Object.fromEntries(sums) : {}) };
}

function lossAndGradients(
  recipe: Recipe,
  state: Tensors,
  frozen: Tensors,
  inputs: Tensors,
  noise: Parameters<Program>[0]['noise'],
) {
  const names = trainedNames(recipe.model);
  let logits: tf.Tensor | undefined;
  const { value, gradients } = valueAndGradients(
    (trained) => {
      logits = tf.keep(recipe.model.forward({ ...frozen, ...trained }, inputs.x, noise, undefined, inputs));
      const loss = recipe.loss(logits, inputs.y);
      return recipe.lossScale ? tf.mul(loss, recipe.lossScale) : loss;
    },
    Object.fromEntries(names.map((name) => [name, state[name]])),
  );
  const loss = recipe.lossScale ? tf.div(value, recipe.lossScale) : value;
  return { loss, gradients, logits: logits! };
}

/** Parameters and optimizer slots after one step, and the norm of the gradients before clipping. */
function optimizerStep({ optimizer, lossScale }: Recipe, state: Tensors, gradients: Tensors) {
  const raw = asUpdates(gradients, lossScale && 1 / lossScale);
  const { updates, state: slots } = optimizer.update(raw, state, state);
  return { gradNorm: globalNorm(raw), state: { ...slots, ...applyUpdates(state, updates) } };
}

/** Takes one optimizer step. Inputs: x, y, and `at` if samples are not read at their last token. Outputs: loss, logits, gradNorm. */
export const trainProgram =
  (recipe: Recipe): Program =>
  ({ state, inputs, frozen, noise }) => {
    const { loss, logits, gradients } = lossAndGradients(recipe, state, frozen, inputs, noise);
    const { gradNorm, state: moved } = optimizerStep(recipe, state, gradients);
    return { outputs: { loss, logits, gradNorm }, state: moved };
  };

/** Adds the gradients of one of `count` micro-batches, divided by `count`, to the sums. Inputs: x, y, at. Outputs: loss, logits. */
export const accumulateProgram =
  (recipe: Recipe, count: number): Program =>
  ({ state, inputs, frozen, noise }) => {
    const { loss, logits, gradients } = lossAndGradients(recipe, state, frozen, inputs, noise);
    const sums = Object.entries(gradients).map(([name, g]) => [
      accumulator(name),
      tf.add(state[accumulator(name)], tf.div(g, count)),
    ]);
    return { outputs: { loss, logits }, state: Object.fromEntries(sums) };
  };

/** Takes one optimizer step with the summed gradients and sets the sums to zero. No inputs. Output: gradNorm. */
export const applyProgram =
  (recipe: Recipe): Program =>
  ({ state }) => {
    const names = trainedNames(recipe.model);
    const gradients = Object.fromEntries(names.map((name) => [name, state[accumulator(name)]]));
    const { gradNorm, state: moved } = optimizerStep(recipe, state, gradients);
    const zeros = names.map((name) => [accumulator(name), tf.zerosLike(gradients[name])]);
    return { outputs: { gradNorm }, state: { ...moved, ...Object.fromEntries(zeros) } };
  };

/** Evaluates without dropout. Inputs: x, y, at. Outputs: loss, logits. */
export const evalProgram =
  ({ model, loss }: Pick<Recipe, 'model' | 'loss'>): Program =>
  ({ state, inputs, frozen }) => {
    const logits = model.forward({ ...frozen, ...state }, inputs.x, null, undefined, inputs);
    return { outputs: { loss: loss(logits, inputs.y), logits } };
  };
