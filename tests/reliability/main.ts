/**
 * `npm run reliability -- KIND [--count N] [--seed N] [--only NAME,…] [--every] [--keep]`: faults that take too long for the tests. Prints a line
 * for each kind of fault and ends with 1 where a promise was broken.
 */
import { parseArgs } from 'node:util';
import { setClocks } from './clocks.ts';
import { fullDisk, lockedStore, readOnlyHome } from './disks.ts';
import { damagedJournals } from './journals.ts';
import { killAll } from './kills.ts';
import { asleep, restarted, sweptTwice, takenOver } from './namespaces.ts';
import { otherMachine, timeLimit } from './slurm.ts';

export interface Options {
  count: number;
  seed: number;
  only?: string[];
  /** Each point once instead of random ones. */
  every: boolean;
  /** Keeps the folders with problems. */
  keeps: boolean;
}

/** Each resolves to the number of promises that were broken. */
const kinds: Record<string, (options: Options) => Promise<number>> = {
  async kills({ every, ...options }) {
    const moments = every ? 'every' : undefined;
    const tallies = await killAll({ ...options, moments, say: (line) => console.log(line) });
    const sum = (of: (tally: (typeof tallies)[number]) => number) =>
      tallies.reduce((total, each) => total + of(each), 0);
    console.log(`${sum(({ kills }) => kills)} kills, ${sum(({ problems }) => problems.length)} problems`);
    return sum(({ problems }) => problems.length);
  },
  /** Needs root, for the file systems that it mounts. */
  disks: (options) =>
    each(options, {
      fullDisk,
      lockedStore,
      readOnlyHome,
      damagedJournals: (say) => damagedJournals(say, options.count),
    }),
  clocks: (options) => each(options, { setClocks }),
  /** Needs root, for the namespaces that it creates. */
  namespaces: (options) => each(options, { takenOver, sweptTwice, restarted, asleep }),
  /** Needs root and Slurm. */
  slurm: (options) => each(options, { timeLimit, otherMachine }),
};

/** Runs every piece of work, or only those in `only`; resolves to the number that threw. */
async function each(
  { only }: Options,
  work: Record<string, (say: (line: string) => void) => Promise<void>>,
): Promise<number> {
  let broken = 0;
  for (const [name, act] of Object.entries(work)) {
    if (only && !only.includes(name)) continue;
    console.log(name);
    try {
      await act((line) => console.log(`  ${line}`));
    } catch (error) {
      broken++;
      console.log(`  ${(error as Error).message}`);
    }
  }
  return broken;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    every: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const [name] = positionals;
if (!Object.hasOwn(kinds, name ?? '')) {
  console.error(
    `Usage: npm run reliability -- KIND [--count N] [--seed N] [--only NAME,…] [--every] [--keep]\nKinds: ${Object.keys(kinds).join(', ')}`,
  );
  process.exit(2);
}
const broken = await kinds[name]({
  count: Number(values.count),
  seed: Number(values.seed),
  only: values.only?.split(','),
  every: values.every,
  keeps: values.keep,
});
process.exit(broken > 0 ? 1 : 0);
