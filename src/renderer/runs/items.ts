/** Turns all rows into the lines of the table: place, filter, order, groups. Pure. */
import { groupRuns, type RunGroup } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import { type Filter, matchesFilter } from './filter.ts';
import { groupLabels, sortGroups } from './groups.ts';
import { type SortKey, sortBy, sortRows } from './sort.ts';

/** Places of runs. */
export const places = {
  active: {
    label: 'Active',
    holds: (row: RunRow) => !row.archived && row.trashedAt === null,
    empty: 'No active runs',
    hint: 'All runs are archived or in the trash.',
  },
  archive: {
    label: 'Archive',
    holds: (row: RunRow) => row.archived && row.trashedAt === null,
    empty: 'The archive is empty',
    hint: 'Archive runs to hide them without deleting them: select them and press Archive.',
  },
  trash: {
    label: 'Trash',
    holds: (row: RunRow) => row.trashedAt !== null,
    empty: 'The trash is empty',
    hint: 'Runs in the trash keep their files until you empty it.',
  },
} as const;
export type RunPlace = keyof typeof places;

export type Item =
  | { kind: 'run'; key: string; row: RunRow; inside: boolean }
  | { kind: 'group'; key: string; group: RunGroup; label: string; open: boolean };

export interface View {
  place: RunPlace;
  /** Null shows all. */
  filter: Filter | null;
  sort: readonly SortKey[];
  grouped: boolean;
  /** Keys of groups whose runs are shown. */
  opened: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  now: number;
}

export interface ShownRuns {
  items: Item[];
  /** The runs of the items, including those in closed groups. */
  runs: RunRow[];
  /** Runs at this place, before the filter. */
  here: number;
}

/** Without sort keys the newest runs come first. */
export function shownItems(rows: readonly RunRow[], { place, filter, sort, grouped, opened, now }: View): ShownRuns {
  const here = rows.filter(places[place].holds);
  const passing = filter ? here.filter((row) => matchesFilter(filter, row, now)) : here;
  const newest = sortBy(passing, [{ column: 'createdAt', descending: true }], (row) => row.createdAt);
  if (!grouped) {
    const sorted = sort.length ? sortRows(newest, sort) : newest;
    return {
      items: sorted.map((row) => ({ kind: 'run', key: row.id, row, inside: false })),
      runs: sorted,
      here: here.length,
    };
  }
  const groups = sortGroups(groupRuns(newest), sort);
  const labels = groupLabels(groups);
  const items = groups.flatMap((group, i): Item[] => {
    const open = opened.has(group.key);
    const inside = group.rows.map((row): Item => ({ kind: 'run', key: row.id, row, inside: true }));
    return [{ kind: 'group', key: group.key, group, label: labels[i], open }, ...(open ? inside : [])];
  });
  return { items, runs: newest, here: here.length };
}

/** The runs of an item. */
export const itemRuns = (item: Item): readonly RunRow[] => (item.kind === 'run' ? [item.row] : item.group.rows);
