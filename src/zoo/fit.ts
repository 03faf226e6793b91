/**
 * Sizes, parameter counts and memory of a model. A body is counted on MNIST in 4 × 4 patches, like most published counts; a
 * whole network is counted on its own task.
 */
import { parseConfig } from '#contract/config';
import { buildFpt } from '#models/fpt';
import { type ArchitectureRow, isBody, type NetworkCard } from '#models/index';
import { blocksOf, trainingBytes } from '#models/memory';
import { countParameters, type Model } from '#models/model';

const mnist = { tokens: 49, inputDim: 16, outputDim: 10 };

/** The settings of the config that a model is counted with. */
export const countedOn = (row: ArchitectureRow) =>
  isBody(row) ? { task: 'mnist', patch_size: 4 } : { task: (row as NetworkCard).body.task, patch_size: null };

export interface BodySizes {
  layers: number;
  width: number;
  heads: number;
  positions: number;
  parameters: { body: number; frozen: number; unfrozen: number };
}

export function sizesOf(row: ArchitectureRow): BodySizes {
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

/** Estimates the memory in bytes of a trainer whose body is frozen, or trained. */
export const fitBytes = (row: ArchitectureRow, batch: number, frozen: boolean): number =>
  trainingBytes(modelOn(row, frozen), batch, mnist.tokens);

/** The model of a whole network, or around a body, even if that has too few positions for the task. */
function modelOn(row: ArchitectureRow, frozen: boolean): Model {
  const settings = parseConfig({ ...countedOn(row), freeze_trans: frozen });
  if (!isBody(row)) return (row as NetworkCard).body.model(row.config, settings);
  const { body, config } = row;
  return buildFpt({
    ...settings,
    ...{ body, bodyConfig: config, ...mnist, embedding: false },
    ...{ inLayerSizes: [], outLayerSizes: [], lastOnly: true, orthGain: null },
  });
}
