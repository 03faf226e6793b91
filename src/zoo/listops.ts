/**
 * The data set ListOps: generated here by the rules of the Long Range Arena (lra_benchmarks/data/listops.py, Apache-2.0), or read
 * from the arena's TSV files in the data set's folder. The arena's generator has no seed, so only the distribution is the same.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { PermafrostError } from '#contract/errors';
import { type Random, randomStream } from '#contract/random';
import { withOpenFile } from '#disk/source';
import { type ByteSource, sourceChunks } from '#formats/source';
import { tsvRows } from '#formats/tsv';
import { listopsSymbols } from '#tasks/listops';
import { type DecodedRow, rowRange } from './dataset.ts';

const files = { train: 'basic_train.tsv', test: 'basic_val.tsv' }; // like the reference, we test on the validation file
const mostLines = 1_000_000;
const made = { train: 96_000, test: 2_000 };
const longer = 500;
const shorter = 2000;
const mostDepth = 10;
const mostArguments = 10;
const operatorChance = 0.25;

const codes = new Map<string, number>(listopsSymbols.map((symbol, code) => [symbol, code]));
const zero = codes.get('0')!;
const close = codes.get(']')!;
const operators = ['[MIN', '[MAX', '[MED', '[SM'].map((symbol) => codes.get(symbol)!);
const isOperator = (code: number): boolean => operators.includes(code);

export const listopsDataset: DecodedRow = {
  name: 'listops',
  title: 'ListOps',
  licence: 'Generated here by the rules of the Long Range Arena (Apache-2.0, Google)',
  page: 'https://github.com/google-research/long-range-arena',
  files: [],
  unpacked: [files.train],
  testCounts: null,
  symbols: () => listopsSymbols,
  layout: { type: 'u8', width: null },
  version: 1,

  async decode(folder, writer, { onProgress, signal }) {
    const counts = { train: 0, test: 0 };
    const own = existsSync(join(folder, files.train));
    const total = own ? null : made.train + made.test;
    const add = async (split: 'train' | 'test', expressions: Iterable<Expression>) => {
      for (const { symbols, value } of expressions) {
        writer.add(symbols, value);
        if (++counts[split] % 500 !== 0) continue;
        onProgress?.(counts.train + counts.test, total, 'expressions');
        await breathe();
        signal?.throwIfAborted();
      }
    };
    for (const split of ['train', 'test'] as const) {
      const path = join(folder, files[split]);
      if (own && !existsSync(path))
        throw new PermafrostError('data', `${path} is missing. Put ${files.train} and ${files.test} there.`);
      if (own) await withOpenFile(path, (source) => add(split, readExpressions(source, path)));
      else await add(split, makeExpressions(split, made[split]));
    }
    return { train: rowRange(0, counts.train), test: rowRange(counts.train, counts.train + counts.test) };
  },
};

export interface Expression {
  /** Codes in listopsSymbols: a view that the next expression overwrites. */
  symbols: Uint8Array;
  value: number;
}

/** Generates `count` expressions of 501 to 1,999 symbols. At that length no expression occurs twice. */
export function* makeExpressions(split: string, count: number): Generator<Expression> {
  const random = randomStream(0, 'listops', split);
  const symbols = new Uint8Array(shorter);
  for (let found = 0; found < count; ) {
    const length = grow(random, symbols, 0, 1);
    if (length === null || length <= longer) continue;
    found++;
    const expression = symbols.subarray(0, length);
    yield { symbols: expression, value: evaluate(expression) };
  }
}

/** Writes a tree from `at` on and returns its end; null if it would be too long. */
function grow(random: Random, symbols: Uint8Array, at: number, depth: number): number | null {
  if (at >= shorter - 1) return null;
  if (depth === mostDepth || random.uniform() > operatorChance) {
    symbols[at] = zero + random.below(10);
    return at + 1;
  }
  const count = 2 + random.below(mostArguments - 1);
  symbols[at] = operators[random.below(operators.length)];
  let end: number | null = at + 1;
  for (let i = 0; i < count && end !== null; i++) end = grow(random, symbols, end, depth + 1);
  if (end === null || end >= shorter - 1) return null;
  symbols[end] = close;
  return end + 1;
}

/** The value of an expression. Throws a RangeError if its brackets or arguments are wrong. */
export function evaluate(symbols: Uint8Array): number {
  const open: { operator: number; values: number[] }[] = [{ operator: 0, values: [] }];
  for (const code of symbols) {
    if (isOperator(code)) open.push({ operator: code, values: [] });
    else if (code !== close) open[open.length - 1].values.push(code - zero);
    else {
      const { operator, values } = open.pop()!;
      if (open.length === 0 || values.length === 0)
        throw new RangeError('a closing bracket without an operator or without arguments');
      open[open.length - 1].values.push(apply[listopsSymbols[operator]](values));
    }
  }
  if (open.length === 1 && open[0].values.length === 1) return open[0].values[0];
  throw new RangeError(open.length > 1 ? 'a bracket that is never closed' : 'more or less than one value');
}

const apply: Record<string, (values: number[]) => number> = {
  '[MIN': (values) => values.reduce((a, b) => Math.min(a, b)),
  '[MAX': (values) => values.reduce((a, b) => Math.max(a, b)),
  '[MED': (values) => {
    const sorted = values.sort((a, b) => a - b);
    const middle = sorted.length / 2;
    return Math.trunc((sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2);
  },
  '[SM': (values) => values.reduce((a, b) => a + b, 0) % 10,
};

/** Reads the expressions of a TSV file of the arena. Throws `data` with the line if one is invalid or has another value. */
function* readExpressions(source: ByteSource, path: string): Generator<Expression> {
  const columns = ['Source', 'Target'] as const;
  for (const { line, cells } of tsvRows(sourceChunks(source), columns, path)) {
    const fail = (what: string) => new PermafrostError('data', `${path}, line ${line}: ${what}. Get the file again.`);
    if (line > mostLines) throw fail(`expected at most ${mostLines} lines`);
    const words = cells.Source.split(' ').filter((word) => word !== '(' && word !== ')' && word !== '');
    const symbols = Uint8Array.from(words, (word) => {
      const code = codes.get(word);
      if (code === undefined) throw fail(`${JSON.stringify(word.slice(0, 40))} is not a ListOps symbol`);
      return code;
    });
    yield { symbols, value: checked(symbols, cells.Target, fail) };
  }
}

function checked(symbols: Uint8Array, target: string, fail: (what: string) => PermafrostError): number {
  let value: number;
  try {
    value = evaluate(symbols);
  } catch (error) {
    throw fail(`the expression has ${(error as Error).message}`);
  }
  if (String(value) !== target) throw fail(`the expression is ${value}, but the file says ${target.slice(0, 40)}`);
  return value;
}
