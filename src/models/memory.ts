/** About the memory that training takes, from shapes alone. */
import type { Model } from './model.ts';

/** How many blocks the parameters of a body make up; blocks are numbered inside the names. */
export const blocksOf = (names: readonly string[]): number =>
  new Set(names.map(blockOf).filter((block) => block !== null)).size;

/** The block of the body that a parameter's name puts it in. */
export function blockOf(name: string): number | null {
  const number = /\.(\d+)\./.exec(name);
  return number ? Number(number[1]) : null;
}

/** Values that a block keeps per token for the backward pass, in widths, beside three for each pair of tokens that a head compares. */
const keptWidths = 28;

/** Values kept of one sample by the blocks of a transformer. */
export const keptByBlocks = (blocks: number, width: number, heads: number, tokens: number): number =>
  blocks * tokens * (keptWidths * width + 3 * heads * tokens);

/** Node, ONNX Runtime and the compiled graphs. */
const processBytes = 250e6;

/**
 * Bytes of a trainer with `samples` of so many tokens in flight: weights, activations, and for what is trained its gradient,
 * Adam's moments and the best values so far. GPT-2 small was measured at 1.44 GB frozen (16 × 49 tokens) and 3.3 GB with
 * every weight trained (25 × 49); this says 1.47 and 3.33.
 */
export function trainingBytes(model: Model, samples: number, tokens: number): number {
  let values = samples * model.kept(tokens);
  for (const [name, shape] of Object.entries(model.parameters)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (model.isUsed(name)) values += model.isTrainable(name) ? 5 * size : size;
  }
  return processBytes + 4 * values;
}
