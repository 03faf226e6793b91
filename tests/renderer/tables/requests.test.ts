import { expect, test } from 'vitest';
import type { RunState } from '#contract/run';
import type { CellResult } from '#contract/tableState';
import {
  busyCells,
  everyCell,
  missingCells,
  seedsBegun,
  undecidedCells,
  unfinishedCells,
} from '#renderer/pages/tables/requests';
import { runRow } from '../runs/rows.ts';

/** A cell with a run for each seed, in the states given; null where a seed has none. */
function result(
  id: string,
  states: (RunState | null)[],
  more: { moreSeeds?: number | null; needs?: string; seeds?: number } = {},
): CellResult {
  const runs = states.flatMap((state, seed) => (state ? [runRow({ seed }, { id: `${id}-${seed}`, state })] : []));
  const seeds = states.filter((state) => state === 'finished').length;
  const judgement = { verdict: "can't tell yet", seeds, moreSeeds: more.moreSeeds ?? null };
  return { cell: { id, seeds: more.seeds ?? 3 }, needs: more.needs ?? null, runs, judgement } as CellResult;
}

const [done, some, none] = [
  result('done', Array(3).fill('finished')),
  result('some', ['finished', null, 'failed']),
  result('none', []),
];
const barred = result('barred', [], { needs: 'needs a download' });
const all = [done, some, none, barred];

test('every cell selects the cells that can run here; missing cells lack a run for some seed', () => {
  expect(everyCell(all, 3).map(({ id }) => id)).toEqual(['done', 'some', 'none']);
  expect(missingCells(all, 3)).toEqual([
    { id: 'some', seeds: 3 },
    { id: 'none', seeds: 3 },
  ]);
  expect(seedsBegun(some)).toBe(1);
});

test('without a wanted number of seeds, each cell gets the number in its table', () => {
  const five = result('five', Array(3).fill('finished'), { seeds: 5 });
  expect(everyCell([done, five], null)).toEqual([
    { id: 'done', seeds: 3 },
    { id: 'five', seeds: 5 },
  ]);
  expect(missingCells([done, five], null)).toEqual([{ id: 'five', seeds: 5 }]);
  expect(missingCells([done, five], 3)).toEqual([]);
  expect(unfinishedCells([result('stopped', [null, null, null, null, 'stopped'], { seeds: 5 })], null)).toEqual([
    { id: 'stopped', seeds: 5 },
  ]);
});

test('undecided cells get the seeds that decide them, up to ten, unless a run is running or queued', () => {
  const cells = [
    result('two', Array(3).fill('finished'), { moreSeeds: 2 }),
    result('many', Array(4).fill('finished'), { moreSeeds: 40 }),
    result('never', Array(3).fill('finished'), { moreSeeds: null }),
    result('enough', Array(10).fill('finished'), { moreSeeds: 5 }),
    result('busy', ['finished', 'finished', 'running'], { moreSeeds: 1 }),
    result('unbegun', [], { moreSeeds: 3 }),
  ];
  expect(undecidedCells(cells)).toEqual([
    { id: 'two', seeds: 5 },
    { id: 'many', seeds: 10 },
  ]);
});

test('unfinished cells have a resting run without a result; the extra seed of a sweep belongs to no cell', () => {
  const stray = result('stray', ['finished', ...Array(40).fill(null), 'stopped']);
  expect(unfinishedCells([...all, stray], 3)).toEqual([{ id: 'some', seeds: 3 }]);
  expect(busyCells([result('busy', ['finished', 'running', null, 'queued']), done])).toEqual([
    { id: 'busy', seeds: 4 },
  ]);
});
