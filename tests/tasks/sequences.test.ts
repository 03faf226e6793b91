import { describe, expect, it } from 'vitest';
import { parseConfig } from '#contract/config';
import { taskOf } from '#tasks/index';
import { listopsSymbols } from '#tasks/listops';
import { raggedSamples } from '#tasks/samples';
import { batchLengths, computedTokens, padSequences } from '#tasks/sequences';

const sequences = [Int32Array.of(5, 6, 7), Int32Array.of(8), Int32Array.of(9, 9)];
const pad = (lengths: number[], read: 'own' | 'batch' | 'end') =>
  padSequences(sequences.length, (i) => sequences[i], { lengths, pad: 1, read });

describe('sequences of different lengths', () => {
  it('are padded on the right to the shortest length that holds them', () => {
    const { x, tokens } = pad([2, 4, 8], 'own');
    expect(tokens).toBe(4);
    expect([...x]).toEqual([5, 6, 7, 1, 8, 1, 1, 1, 9, 9, 1, 1]);
  });
  it('are cut if no length is large enough', () => {
    expect([...pad([1, 2], 'own').x]).toEqual([5, 6, 8, 1, 9, 9]);
    expect([...pad([1, 2], 'own').at]).toEqual([1, 0, 1]);
  });
  it('are read at their own end, at the end of the longest, or at the last token', () => {
    expect([...pad([4], 'own').at]).toEqual([2, 0, 1]);
    expect([...pad([4], 'batch').at]).toEqual([2, 2, 2]);
    expect([...pad([4], 'end').at]).toEqual([3, 3, 3]);
  });
  it('are padded to only a few lengths', () => {
    expect(batchLengths(512)).toEqual([32, 48, 64, 96, 128, 192, 256, 384, 512]);
    expect(batchLengths(40)).toEqual([32, 40]);
    expect(batchLengths(8)).toEqual([8]);
  });
  it('are computed with the padding that rounds up their mean length', () => {
    expect([...computedTokens([3, 1, 2], 4, [1, 2, 4])]).toEqual([0, 1, 2, 4, 8, 9]);
    expect([...computedTokens([3, 1, 2], 4, [1, 3, 4])]).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9]);
    expect(computedTokens([4, 4, 4], 4, [1, 3, 4])).toHaveLength(12);
  });
});

/** One batch with all expressions, in the order of the data set by a seed that leaves two samples as they are. */
function listopsBatch(text: string, params: object) {
  const code = (word: string) => listopsSymbols.indexOf(word as (typeof listopsSymbols)[number]);
  const symbols = Uint8Array.from(text.split(' '), code);
  const set = raggedSamples(symbols, [0, symbols.length], [7]);
  const config = parseConfig({ task: 'listops', ...params });
  const task = taskOf(config);
  const sizes = { train: 1, test: 1, final: 1 };
  return {
    shape: task.shape(config),
    batch: task.batches(config, { train: set, test: set }, { seed: 1, sizes }).batch('final', 0),
  };
}

describe('an expression of ListOps', () => {
  const text = '[MAX 3 [MIN 9 0 ] 5 ]';
  it('loses its brackets and is read at the padding, as in the reference', () => {
    const { shape, batch } = listopsBatch(text, { variant: 'reference' });
    expect(shape).toMatchObject({ tokens: 512, inputDim: 15, outputDim: 10, readsAt: false });
    expect([...batch.x.subarray(0, 8)]).toEqual([12, 4, 11, 10, 1, 6, 0, 0]);
    expect(batch.at).toBeUndefined();
  });
  it('keeps its closing brackets with reading lra', () => {
    const { shape, batch } = listopsBatch(text, { reading: 'lra' });
    expect(shape).toMatchObject({ tokens: 2000, inputDim: 16 });
    expect([...batch.x.subarray(0, 9)]).toEqual([12, 4, 11, 10, 1, 15, 6, 15, 0]);
    expect([...batch.at!]).toEqual([7]);
  });
  it('is cut at n', () => {
    const { batch } = listopsBatch(text, { n: 4 });
    expect([...batch.x]).toEqual([12, 4, 11, 10]);
    expect([...batch.at!]).toEqual([3]);
  });
});

describe('molecules', () => {
  const ids = Int32Array.from([0, 20, 21, 2, 0, 22, 2, 0, 23, 24, 25, 2]);
  const set = raggedSamples(ids, [0, 4, 7, 12], [0, 1, 1]);
  const batchOf = (params: object, index = 0) => {
    const config = parseConfig({ task: 'cyp3a4', ...params });
    const sizes = { train: 2, test: 2, final: 2 };
    return taskOf(config).batches(config, { train: set, test: set }, { seed: 1, sizes }).batch('test', index);
  };
  it('are tested in the order of the data, padded with 1', () => {
    const { x, y, tokens } = batchOf({});
    expect(tokens).toBe(32);
    expect([...x.subarray(0, 6), ...x.subarray(32, 36)]).toEqual([0, 20, 21, 2, 1, 1, 0, 22, 2, 1]);
    expect([...y]).toEqual([0, 1]);
    expect(batchOf({}, 1).x).toEqual(x); // the last short batch is dropped
  });
  it('are read at their own end, or in the reference where the longest of the batch ends', () => {
    expect([...batchOf({}).at!]).toEqual([3, 2]);
    expect([...batchOf({ variant: 'reference' }).at!]).toEqual([3, 3]);
  });
});
