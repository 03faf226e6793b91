import { expect, it } from 'vitest';
import { readCorpus } from '../../src/pretrain/corpus.ts';
import { bigramLoss, unigramLoss } from '../../src/pretrain/ngrams.ts';

it('the corpus is whole documents, a twentieth of them held out and not trained on', () => {
  const { train, heldOut, documents } = readCorpus();
  expect(documents.heldOut).toBe(Math.floor((documents.train + documents.heldOut) / 20));
  expect(train.length).toBeGreaterThan(10e6);
  const text = Buffer.from(train).toString();
  expect(text).toContain('Call me Ishmael');
  for (const part of Buffer.from(heldOut)
    .toString()
    .split('\n\n')
    .filter((p) => p.length > 400)) {
    expect(text.includes(part)).toBe(false);
  }
});

it('unigrams and bigrams have the cross entropies of their counts', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(unigramLoss(bytes('aab'), bytes('ab'))).toBeCloseTo(-(Math.log(3 / 259) + Math.log(2 / 259)) / 2, 12);
  expect(bigramLoss(bytes('abab'), bytes('ab'))).toBeCloseTo(-Math.log(3 / 258), 12);
  const repeated = bytes('abc'.repeat(100_000));
  expect(bigramLoss(repeated, repeated)).toBeLessThan(0.01);
});
