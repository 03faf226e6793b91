/** The memory that training takes, estimated from shapes alone. */
import type { Model } from './model.ts';

/** Number of blocks of a body, from the numbers in its parameters' names. */
export const blocksOf = (names: readonly string[]): number =>
  new Set(names.map(blockOf).filter((block) => block !== null)).size;

/** Number of the block that a parameter belongs to; null outside the blocks. */
export function blockOf(name: string): number | null {
  const number = /\.(\d+)\./.exec(name);
  return number ? Number(number[1]) : null;
}

/** Values that a block keeps per token for the backward pass, in units of the width. A head keeps three more per pair of tokens. */
const keptWidths = 28;

/** Values that the blocks of a transformer keep of one sample. */
export const keptByBlocks = (blocks: number, width: number, heads: number, tokens: number): number =>
  blocks * tokens * (keptWidths * width + 3 * heads * tokens);

/** Node, ONNX Runtime and the compiled graphs. */
const processBytes = 250e6;

/**
 * Bytes of a trainer whose step holds `samples` of `tokens` tokens: weights, activations, and per trained value its gradient,
 * Adam's two moments and the best value so far. Measured for GPT-2 small: 1.44 GB frozen (16 × 49 tokens) and 3.3 GB with
 * every weight trained (25 × 49); this estimates 1.47 and 3.33.
 */
export function trainingBytes(model: Model, samples: number, tokens: number): number {
  let values = samples * model.kept(tokens);
  for (const [name, shape] of Object.entries(model.parameters)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (model.isUsed(name)) values += model.isTrainable(name) ? 5 * size : size;
  }
  return processBytes + 4 * values;
}
