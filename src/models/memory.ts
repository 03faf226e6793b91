/** Estimates the memory that training takes, from shapes alone. */
import type { Model } from './model.ts';

/** Number of blocks of a body, according to the names of its parameters. */
export const blocksOf = (names: readonly string[]): number =>
  new Set(names.map(blockOf).filter((block) => block !== null)).size;

/** Index of the block that a parameter belongs to; null if it belongs to none. */
export function blockOf(name: string): number | null {
  const number = /\.(\d+)\./.exec(name);
  return number ? Number(number[1]) : null;
}

/** A block keeps this many values per token and unit of width for the backward pass. A head keeps three more per pair of tokens. */
const keptWidths = 28;

/** Number of values that the blocks of a transformer keep for one sample. */
export const keptByBlocks = (blocks: number, width: number, heads: number, tokens: number): number =>
  blocks * tokens * (keptWidths * width + 3 * heads * tokens);

/** Memory of Node, ONNX Runtime and the compiled graphs. */
const processBytes = 250e6;

/**
 * Memory in bytes of a trainer that computes `samples` samples of `tokens` tokens at once. It consists of weights, activations,
 * and four more values for each trained weight: gradient, two moments of Adam, and best value so far. For GPT-2 small the
 * estimates are 1.47 GB frozen (16 × 49 tokens) and 3.33 GB with every weight trained (25 × 49); 1.44 and 3.3 GB were measured.
 */
export function trainingBytes(model: Model, samples: number, tokens: number): number {
  let values = samples * model.kept(tokens);
  for (const [name, shape] of Object.entries(model.parameters)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (model.isUsed(name)) values += model.isTrainable(name) ? 5 * size : size;
  }
  return processBytes + 4 * values;
}
