/** Batches of sequences of different lengths: padding, and what is computed of it. */
import type { Batch, SampleValues } from './task.ts';

/** The lengths that batches are padded to: powers of two from 32, the midpoints between them, and `longest`. */
export function batchLengths(longest: number): number[] {
  const lengths: number[] = [];
  for (let power = 32; power < longest; power *= 2) lengths.push(power, power * 1.5);
  return [...lengths.filter((length) => length < longest), longest];
}

interface PadOptions {
  lengths: readonly number[];
  pad: number;
  /** Where a sequence is read. own: at its last symbol; batch: where the longest sequence of the batch ends; end: at the last token. */
  read: 'own' | 'batch' | 'end';
}

/**
 * Cuts sequences to the longest of `lengths` and pads them on the right to the shortest that holds them all. The reference pads
 * less. A causal body does not see the difference, because it attends to nothing after the token that is read.
 */
export function padSequences(
  count: number,
  sequence: (i: number) => SampleValues,
  { lengths, pad, read }: PadOptions,
): Required<Pick<Batch, 'x' | 'tokens' | 'at'>> {
  const most = lengths[lengths.length - 1];
  const sizes = Int32Array.from({ length: count }, (_, i) => Math.min(most, sequence(i).length));
  const longest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const tokens = lengths.find((length) => length >= longest)!;
  const x = new Int32Array(count * tokens).fill(pad);
  for (let i = 0; i < count; i++) x.set(sequence(i).subarray(0, sizes[i]), i * tokens);
  const last = { own: (i: number) => sizes[i], batch: () => longest, end: () => tokens }[read];
  return { x, tokens, at: Int32Array.from({ length: count }, (_, i) => Math.max(last(i), 1) - 1) };
}

/**
 * The tokens that are computed of sequences padded to `tokens`, as indices in ascending order among all tokens of the batch: those of
 * the sequences, and as many of the padding as round the mean length up to the next of `meanLengths`.
 */
export function computedTokens(sizes: readonly number[], tokens: number, meanLengths: readonly number[]): Int32Array {
  const own = sizes.reduce((a, b) => a + b, 0);
  const computed = sizes.length * meanLengths.find((mean) => mean * sizes.length >= own)!;
  let padding = computed - own;
  const all = Int32Array.from({ length: sizes.length * tokens }, (_, i) => i);
  return all.filter((i) => i % tokens < sizes[Math.floor(i / tokens)] || padding-- > 0);
}
