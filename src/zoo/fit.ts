/** Sizes of a body, its parameter counts and its memory on MNIST in 4 × 4 patches, the task that published counts are most often of; of a whole network on its own task. */
import { parseConfig } from '#contract/config';
import { buildFpt } from '#models/fpt';
import { type ArchitectureRow, isBody, type NetworkCard } from '#models/index';
import { blocksOf, trainingBytes } from '#models/memory';
import { countParameters, type Model } from '#models/model';

const mnist = { tokens: 49, inputDim: 16, outputDim: 10 };

/** What counts are of, in words of a config. */
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

/** About the bytes of a trainer with the body frozen or every weight trained. */
export const fitBytes = (row: ArchitectureRow, batch: number, frozen: boolean): number =>
  trainingBytes(modelOn(row, frozen), batch, mnist.tokens);

/** The model around a body, even one that is too short for the task; a whole network is its own. */
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
