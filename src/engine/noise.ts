/** Prepares what a step reads when it runs: it checks inputs and draws the random words of dropout masks. */
import { randomStream } from '#contract/random';
import { sizeOf } from './graph.ts';
import type { TensorData } from './program.ts';

/** A function that draws the random words of one run of a step. The program calls it once for each mask axis, in a fixed order. */
export function noiseWords(seed: readonly [number, number] | undefined): (n: number) => Int32Array {
  if (!seed) throw new Error('internal: the program draws noise, but run() was given no noise seed');
  const stream = randomStream(seed[0], 'noise', seed[1]);
  return (n) => {
    const words = new Int32Array(n);
    for (let i = 0; i < n; i++) words[i] = stream.int32();
    return words;
  };
}

/** Returns the data of an input. Throws if its type or size does not match the spec. */
export function checkedInput(
  name: string,
  data: TensorData | undefined,
  dtype: 'float32' | 'int32',
  shape: readonly number[],
): TensorData {
  const found =
    data === undefined ? 'nothing' : `${data instanceof Int32Array ? 'int32' : 'float32'} of ${data.length} values`;
  if (data !== undefined && data.length === sizeOf(shape) && data instanceof Int32Array === (dtype === 'int32'))
    return data;
  throw new Error(`internal: input "${name}" is ${dtype} [${shape}]: expected ${sizeOf(shape)} values, found ${found}`);
}
