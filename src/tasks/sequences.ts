/** Symbol sequences of different lengths as one batch. */
import type { Batch, SampleValues } from './task.ts';

/** Lengths that batches are padded to: powers of two from 32 and the midpoints between them, then `longest`. */
export function batchLengths(longest: number): number[] {
  const lengths: number[] = [];
  for (let power = 32; power < longest; power *= 2) lengths.push(power, power * 1.5);
  return [...lengths.filter((length) => length < longest), longest];
}

interface PadOptions {
  lengths: readonly number[];
  pad: number;
  /** own: at its last symbol. batch: where the longest sequence of the batch ends. end: at the last token. */
  read: 'own' | 'batch' | 'end';
}

/**
 * Sequences cut to the longest of `lengths` and padded on the right to the shortest that holds them all.
 * A causal body sees nothing to the right of the token that is read, so padding further than the reference changes nothing.
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
