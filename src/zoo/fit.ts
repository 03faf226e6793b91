/** Sizes of a body, its parameter counts and its memory on MNIST in 4 × 4 patches, the task that published counts are most often of. */
import { parseConfig } from '#contract/config';
import { type BodyRow, countParameters, type Model, modelOf } from '#models/index';
import { blocksOf, trainingBytes } from '#models/memory';

const task = { tokens: 49, inputDim: 16, outputDim: 10 };

export interface BodySizes {
  layers: number;
  width: number;
  heads: number;
  positions: number;
  parameters: { body: number; frozen: number; unfrozen: number };
}

export function sizesOf(row: BodyRow): BodySizes {
  const { body, config } = row;
  const shapes = body.parameters(config);
  const { trainable, total } = countParameters(modelOn(row, true));
  return {
    layers: blocksOf(Object.keys(shapes)),
    width: body.width(config),
    heads: body.heads(config),
    positions: body.longest(config),
    parameters: {
      body: Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0),
      frozen: trainable,
      unfrozen: total,
    },
  };
}

/** About the bytes of a trainer with the body frozen or every weight trained. */
export const fitBytes = (row: BodyRow, batch: number, frozen: boolean): number =>
  trainingBytes(modelOn(row, frozen), batch, task.tokens);

/** The model around a body, even one that is too short for the task. */
function modelOn({ body, config }: BodyRow, frozen: boolean): Model {
  return modelOf({
    ...parseConfig({ task: 'mnist', freeze_trans: frozen }),
    ...{ body, bodyConfig: config, ...task, embedding: false },
    ...{ inLayerSizes: [], outLayerSizes: [], lastOnly: true, orthGain: null },
  });
}
