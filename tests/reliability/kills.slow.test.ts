/** A few kills of `npm run reliability -- kills`, at file operations, which are the same every time. */
import { expect, it } from 'vitest';
import { whyNoProcFolder } from '../disk/procFolder.ts';
import { killAll } from './kills.ts';

it.skipIf(whyNoProcFolder)(
  'commands killed at any file operation lose, duplicate, truncate and leave nothing',
  async () => {
    const only = ['run', 'export metrics.csv', 'tag', 'rebuild', 'data pull'];
    const said: string[] = [];
    const tallies = await killAll({ count: 10, seed: 1, only, moments: ['point'], say: (line) => said.push(line) });
    expect(
      tallies.flatMap(({ problems }) => problems),
      said.join('\n'),
    ).toEqual([]);
    expect(tallies.map(({ kills }) => kills)).toEqual([2, 2, 2, 2, 2]);
  },
  300_000,
);
