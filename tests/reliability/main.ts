/**
 * `npm run reliability -- KIND [--count N] [--seed N] [--only NAME,…]`: faults that take too long for the tests. Prints a line
 * for each kind of fault and ends with 1 where a promise was broken.
 */
import { parseArgs } from 'node:util';
import { killAll } from './kills.ts';

export interface Options {
  count: number;
  seed: number;
  only?: string[];
  /** Keeps the folders in which something was wrong. */
  keeps: boolean;
}

/** Each resolves to the number of promises that were broken. */
const kinds: Record<string, (options: Options) => Promise<number>> = {
  async kills(options) {
    const tallies = await killAll({ ...options, say: (line) => console.log(line) });
    const sum = (of: (tally: (typeof tallies)[number]) => number) =>
      tallies.reduce((total, each) => total + of(each), 0);
    console.log(`${sum(({ kills }) => kills)} kills, ${sum(({ problems }) => problems.length)} problems`);
    return sum(({ problems }) => problems.length);
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const [name] = positionals;
if (!Object.hasOwn(kinds, name ?? '')) {
  console.error(
    `Usage: npm run reliability -- KIND [--count N] [--seed N] [--only NAME,…] [--keep]\nKinds: ${Object.keys(kinds).join(', ')}`,
  );
  process.exit(2);
}
const broken = await kinds[name]({
  count: Number(values.count),
  seed: Number(values.seed),
  only: values.only?.split(','),
  keeps: values.keep,
});
process.exit(broken > 0 ? 1 : 0);
