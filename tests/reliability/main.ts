/** `npm run reliability -- KIND`: faults that take too long for the tests. Exits with 1 if a promise was broken. */
import { Argument, Command } from 'commander';
import { parseScript, refuseArguments } from '#cli/parseScript';
import { wholeNumber } from '#cli/wholeNumber';
import { PermafrostError } from '#contract/errors';
import { setClocks } from './clocks.ts';
import { fullDisk, lockedStore, readOnlyHome } from './disks.ts';
import { damagedJournals } from './journals.ts';
import { killAll } from './kills.ts';
import { asleep, restarted, sweptTwice, takenOver } from './namespaces.ts';
import { otherMachine, timeLimit } from './slurm.ts';
import { victims } from './victims.ts';

interface Options {
  count: number;
  seed: number;
  only?: string[];
  /** Each point once instead of random ones. */
  every?: boolean;
  /** Keeps the folders with problems. */
  keep?: boolean;
}

interface Kind {
  /** Names that `--only` takes. */
  names: string[];
  /** Resolves to the number of broken promises. */
  run(options: Options): Promise<number>;
}

const kinds: Record<string, Kind> = {
  kills: { names: victims.map(({ name }) => name), run: kill },
  /** Needs root, for the file systems that it mounts. */
  disks: checks({ fullDisk, lockedStore, readOnlyHome, damagedJournals }),
  clocks: checks({ setClocks }),
  /** Needs root, for the namespaces that it creates. */
  namespaces: checks({ takenOver, sweptTwice, restarted, asleep }),
  /** Needs root and Slurm. */
  slurm: checks({ timeLimit, otherMachine }),
};

async function kill({ every, keep: keeps = false, ...options }: Options): Promise<number> {
  const moments = every ? 'every' : undefined;
  const tallies = await killAll({ ...options, keeps, moments, say: (line) => console.log(line) });
  const sum = (of: (tally: (typeof tallies)[number]) => number) => tallies.reduce((total, each) => total + of(each), 0);
  console.log(`${sum(({ kills }) => kills)} kills, ${sum(({ problems }) => problems.length)} problems`);
  return sum(({ problems }) => problems.length);
}

/** A kind of several checks, each of which throws if a promise is broken. */
function checks(work: Record<string, (say: (line: string) => void, count: number) => Promise<void>>): Kind {
  return {
    names: Object.keys(work),
    async run({ count, only }) {
      let broken = 0;
      for (const [name, check] of Object.entries(work)) {
        if (only && !only.includes(name)) continue;
        console.log(name);
        try {
          await check((line) => console.log(`  ${line}`), count);
        } catch (error) {
          broken++;
          console.log(`  ${(error as Error).message}`);
        }
      }
      return broken;
    },
  };
}

const command = parseScript(
  new Command('npm run reliability --')
    .description('Injects faults and checks what docs/reliability.md promises. Exits with 1 if a promise was broken.')
    .addArgument(new Argument('<kind>', 'kind of faults').choices(Object.keys(kinds)))
    .option('--count <n>', 'how many faults', wholeNumber('--count', 1), 200)
    .option('--seed <n>', 'seed of the random moments', wholeNumber('--seed', 0), 1)
    .option('--only <names>', 'commands to kill, or checks of the kind, separated by commas', (text) => text.split(','))
    .option('--every', 'kills at every file operation once instead of at random moments')
    .option('--keep', 'keeps the folders with problems'),
);
const kind = command.processedArgs[0] as string;
const { names, run } = kinds[kind];
const options = command.opts<Options>();
const unknown = options.only?.find((name) => !names.includes(name));
if (unknown !== undefined)
  refuseArguments(
    new PermafrostError('config', `--only: ${kind} has no ${unknown}. Choose from: ${names.join(', ')}.`),
  );
process.exit((await run(options)) > 0 ? 1 : 0);
