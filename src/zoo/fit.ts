/** Parameter counts of a body and the memory that training with it takes, from shapes alone. */
import type { BodyRow } from '#models/index';

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** MNIST in 4 × 4 patches, the task that published counts are most often of. */
const mnist = { tokens: 49, inputs: 16, outputs: 10 };

export interface BodySizes {
  layers: number;
  width: number;
  heads: number;
  positions: number;
  parameters: { body: number; frozen: number; unfrozen: number };
}

export function sizesOf({ body, config }: BodyRow): BodySizes {
  const shapes = Object.entries(body.parameters(config));
  const width = body.width(config);
  const total = shapes.reduce((sum, [, shape]) => sum + size(shape), 0);
  const norms = shapes.filter(([name]) => body.freezeFlag(name, config) === 'freeze_ln');
  const ends = (mnist.inputs + 1) * width + (width + 1) * mnist.outputs;
  const blocks = shapes.flatMap(([name]) => /(?:^|\.)(?:h|layer)\.(\d+)\./.exec(name)?.[1] ?? []);
  return {
    layers: new Set(blocks).size,
    width,
    heads: body.heads(config),
    positions: body.longest(config),
    parameters: {
      body: total,
      frozen: norms.reduce((sum, [, shape]) => sum + size(shape), 0) + ends,
      unfrozen: total + ends,
    },
  };
}

/** Values that a block keeps per token for the backward pass, in widths; measured on GPT-2 small (1.42 GB at 16 × 49 tokens). */
const keptWidths = 36;

/** About the bytes of a trainer on MNIST: weights, activations, and for what is trained gradients and two copies of Adam's state. */
export function trainingBytes(row: BodyRow, batch: number, frozen: boolean): number {
  const { layers, width, heads, parameters } = sizesOf(row);
  const tokens = batch * mnist.tokens;
  const activations = layers * tokens * (keptWidths * width + 3 * heads * mnist.tokens);
  const trained = frozen ? parameters.frozen : parameters.unfrozen;
  const runtime = 150e6;
  return runtime + 4 * (parameters.body + activations + 7 * trained);
}
