import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PermafrostError } from '#contract/errors';
import { listopsSymbols } from '#tasks/listops';
import { evaluate, listopsDataset, makeExpressions } from '#zoo/listops';
import { loadDataset } from '#zoo/loadDataset';
import { writeFiles } from './archives.ts';

const code = (word: string) => listopsSymbols.indexOf(word as (typeof listopsSymbols)[number]);
const coded = (text: string) => Uint8Array.from(text.split(' '), code);

describe('the value of an expression', () => {
  it.each([
    ['7', 7],
    ['[MAX 2 9 [MIN 4 7 ] 0 ]', 9],
    ['[MIN 5 [MAX 1 2 ] ]', 2],
    ['[SM 9 9 9 ]', 7],
    ['[MED 1 9 2 ]', 2],
    ['[MED 1 2 4 9 ]', 3],
    ['[MED 1 4 ]', 2], // int(2.5)
  ])('%s is %i', (text, value) => {
    expect(evaluate(coded(text))).toBe(value);
  });
  it.each(['[MAX 1 2', '1 ]', '1 2', '[MIN ]', ']'])('%s has none', (text) => {
    expect(() => evaluate(coded(text))).toThrow(RangeError);
  });
});

describe('expressions that are made', () => {
  const made = Array.from(makeExpressions('train', 300), ({ symbols, value }) => ({ symbols: symbols.slice(), value }));
  it('are between 500 and 2,000 symbols long, nested at most ten deep, with two to ten arguments', () => {
    for (const { symbols } of made) {
      expect(symbols.length).toBeGreaterThan(500);
      expect(symbols.length).toBeLessThan(2000);
      const open: number[] = [];
      for (const symbol of symbols) {
        if (listopsSymbols[symbol] === ']') {
          const count = open.pop()!;
          expect(count >= 2 && count <= 10).toBe(true);
        }
        if (listopsSymbols[symbol] !== ']' && open.length) open[open.length - 1]++;
        if (listopsSymbols[symbol].startsWith('[')) open.push(0);
        expect(open.length).toBeLessThan(10);
      }
      expect(open).toEqual([]);
    }
  });
  it('are the same every time and different for each split', () => {
    const again = makeExpressions('train', 1).next().value!;
    expect([...again.symbols]).toEqual([...made[0].symbols]);
    expect([...makeExpressions('test', 1).next().value!.symbols]).not.toEqual([...made[0].symbols]);
  });
  it('use every operator and digit about equally often', () => {
    const counts = new Array(16).fill(0);
    for (const { symbols } of made) for (const symbol of symbols) counts[symbol]++;
    const share = (group: number[]) => group.map((n) => n / group.reduce((a, b) => a + b));
    for (const part of share(counts.slice(1, 11))) expect(part).toBeCloseTo(0.1, 1);
    for (const part of share(counts.slice(11, 15))) expect(part).toBeCloseTo(0.25, 1);
  });
});

describe('files of the arena', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'permafrost-listops-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));
  const line = '( ( ( [MAX 3 ) ( ( [MIN 9 ) 0 ) ] ) ) ] )\t3';
  const load = (train: string, validation = `Source\tTarget\n${line}\n`) => {
    writeFiles(join(home, 'data/listops'), { 'basic_train.tsv': train, 'basic_val.tsv': validation });
    return loadDataset('listops', { home });
  };

  it('are read without round brackets, and tested on the validation file', async () => {
    const { dataset } = await load(`Source\tTarget\n${line}\n5\t5\n`);
    expect([dataset.train.count, dataset.test.count]).toEqual([2, 1]);
    expect([...dataset.train.sample(0)]).toEqual([...coded('[MAX 3 [MIN 9 0 ] ]')]);
    expect([...dataset.train.sample(1)]).toEqual([...coded('5')]);
    expect([dataset.train.labels[0], dataset.train.labels[1]]).toEqual([3, 5]);
  });
  it.each([
    ['a wrong value', line.replace('\t3', '\t4'), /line 2: the expression is 3, but the file says 4/],
    ['a strange word', line.replace('MAX', 'AVG'), /line 2: "\[AVG" is not a ListOps symbol/],
    ['a bracket too few', line.replace('] )\t', '\t'), /line 2: the expression has a bracket that is never closed/],
  ])('with %s are refused', async (_, bad, message) => {
    await expect(load(`Source\tTarget\n${bad}\n`)).rejects.toThrow(message);
  });
  it('are refused without the validation file', async () => {
    writeFiles(join(home, 'data/listops'), { 'basic_train.tsv': `Source\tTarget\n${line}\n` });
    await expect(loadDataset('listops', { home })).rejects.toThrow(/basic_val.tsv is missing/);
  });

  it('are refused, or read as expressions with the stated value, if they are damaged in 2,000 ways', async () => {
    const folder = join(home, 'data/listops');
    const file = Buffer.from(`Source\tTarget\n${line}\n`);
    writeFiles(folder, { 'basic_val.tsv': file });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.constantFrom(...Buffer.from('0379[]()\t\n MAXIN'))), {
          maxLength: 3,
        }),
        fc.integer({ min: 1, max: file.length }),
        fc.boolean(),
        async (changes, length, whole) => {
          const bytes = Buffer.from(file);
          for (const [at, value] of changes) bytes[at] = value;
          writeFileSync(join(folder, 'basic_train.tsv'), bytes.subarray(0, whole ? file.length : length));
          const seen: { values: number[]; label: number }[] = [];
          try {
            await listopsDataset.decode(
              folder,
              { add: (values, label) => seen.push({ values: [...values], label }) },
              {},
            );
          } catch (error) {
            if (error instanceof PermafrostError && error.code === 'data') return;
            throw error;
          }
          accepted++;
          for (const { values, label } of seen) expect(evaluate(Uint8Array.from(values))).toBe(label);
        },
      ),
      { numRuns: 2000, seed: 3 },
    );
    expect(accepted).toBeGreaterThan(20);
  }, 120_000);
});
