/** The table in the address of the page, with its profile and tolerance. */
import { useQuery } from '@tanstack/react-query';
import { defaultTable } from '#contract/paperTable';
import { defaultTolerance, type Profile, profiles, type Tolerance, toleranceSchema } from '#contract/tableState';
import { useTRPC } from '../../client/trpc.ts';
import { type Address, useAddress } from '../../components/useAddress.ts';
import type { SearchName } from '../../searches.ts';
import type { WantedSeeds } from './requests.ts';

/** A table as numbers in the layout of its paper, or as a forest plot. */
export const tableViews = ['numbers', 'picture'] as const;
export type TableView = (typeof tableViews)[number];

export interface TableQuery {
  table: string;
  profile: Profile;
  tolerance: Tolerance;
  seeds: WantedSeeds;
  /** The cell that is open; empty for none. */
  cell: string;
  view: TableView;
}

export function useTableQuery(): TableQuery & { set(changes: Partial<TableQuery>): void } {
  const address = useAddress<'/tables'>();
  const asked = readAsked(address);
  return { ...asked, set: (changes) => address.set(written({ ...asked, ...changes })) };
}

/** Reads the address; absent and invalid values get their defaults. */
function readAsked({ get }: Pick<Address<SearchName<'/tables'>>, 'get'>): TableQuery {
  const profile = profiles.find((name) => name === get('profile')) ?? 'quick';
  const share = (name: 'accuracy' | 'mae') => (get(name) === '' ? defaultTolerance[name] : Number(get(name)) / 100);
  const tolerance = toleranceSchema.safeParse({
    ...{ accuracy: share('accuracy'), mae: share('mae') },
    ...(get('threshold') === '' ? {} : { threshold: Number(get('threshold')) }),
  });
  const seeds = Math.round(Number(get('seeds')));
  return {
    table: get('table') || defaultTable,
    profile,
    tolerance: tolerance.data ?? defaultTolerance,
    seeds: seeds >= 1 && seeds <= 100 ? seeds : null,
    cell: get('cell'),
    view: tableViews.find((name) => name === get('view')) ?? 'numbers',
  };
}

/** The values for the address, shares in percent; defaults are left out. */
function written({ table, profile, tolerance, seeds, cell, view }: TableQuery): Record<SearchName<'/tables'>, string> {
  const share = (name: 'accuracy' | 'mae') =>
    tolerance[name] === defaultTolerance[name] ? '' : String(Number((100 * tolerance[name]).toPrecision(6)));
  return {
    ...{ table, cell, profile: profile === 'quick' ? '' : profile, view: view === 'numbers' ? '' : view },
    threshold: tolerance.threshold === undefined ? '' : String(tolerance.threshold),
    ...{ accuracy: share('accuracy'), mae: share('mae'), seeds: seeds === null ? '' : String(seeds) },
  };
}

/** The table and its verdicts. While a new tolerance is judged, the old verdicts stay. */
export function useTable({ table, profile, tolerance }: TableQuery) {
  const trpc = useTRPC();
  return useQuery({
    ...trpc.tables.state.queryOptions({ table, profile, tolerance }),
    placeholderData: (old) => (old?.table.id === table && old.profile === profile ? old : undefined),
  });
}
