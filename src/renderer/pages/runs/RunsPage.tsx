/** All runs, with filter, sort, groups, selection and actions. */
import { Box, Button, Group, SegmentedControl, Stack, Switch } from '@mantine/core';
import { useElementSize, useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { countText, plural } from '#contract/format';
import type { RunRow } from '#contract/runRow';
import { useTRPC } from '../../client/trpc.ts';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { WaysIn } from '../../help/WaysIn.tsx';
import { parseFilter } from '../../runs/filter.ts';
import { places, type RunPlace, shownItems } from '../../runs/items.ts';
import { readSort, sortText } from '../../runs/sort.ts';
import { visibleColumns } from '../../runs/visibleColumns.ts';
import { BulkBar } from './BulkBar.tsx';
import { ColumnMenu } from './ColumnMenu.tsx';
import { EmptyTrash } from './EmptyTrash.tsx';
import { FilterBox } from './FilterBox.tsx';
import { RunTable } from './RunTable.tsx';

export function RunsPage() {
  const trpc = useTRPC();
  const runs = useQuery(trpc.runs.list.queryOptions());
  if (runs.isPending) return <Loading what="runs" />;
  if (runs.isError)
    return <ErrorState title="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  if (runs.data.length === 0) return <Welcome />;
  return <Runs rows={runs.data} />;
}

function Welcome() {
  return (
    <>
      <PageHeader title="Welcome to Permafrost" />
      <WaysIn />
    </>
  );
}

const placeOf = (text: string): RunPlace => (Object.hasOwn(places, text) ? (text as RunPlace) : 'active');
const none: ReadonlySet<string> = new Set();
/** Most pixels that the table's scrollbar takes. */
const scrollbarWidth = 18;

function Runs({ rows }: { rows: readonly RunRow[] }) {
  const address = useAddress<'/'>();
  const { ref, width } = useElementSize();
  const [columnIds, setColumnIds] = useLocalStorage<readonly string[] | null>({
    key: 'permafrost-run-columns',
    defaultValue: null,
    getInitialValueInEffect: false,
  });
  const [selected, setSelected] = useState<ReadonlySet<string>>(none);
  const [opened, setOpened] = useState<ReadonlySet<string>>(none);

  const place = placeOf(address.get('place'));
  const grouped = address.get('grouped') === 'yes';
  const sort = address.get('sort');
  const text = useDeferredValue(address.get('filter'));
  const parsed = useMemo(() => parseFilter(text), [text]);
  const filter = parsed.ok ? parsed.filter : null;
  const shown = useMemo(
    () => shownItems(rows, { place, filter, sort: readSort(sort), grouped, opened, now: Date.now() }),
    [rows, place, filter, sort, grouped, opened],
  );
  const { columns, ids, common } = useMemo(
    () => visibleColumns({ chosen: columnIds, rows: shown.runs, grouped, width: width && width - scrollbarWidth }),
    [columnIds, shown.runs, grouped, width],
  );
  const chosen = useMemo(() => shown.runs.filter(({ id }) => selected.has(id)), [shown, selected]);
  const choose = (next: string) => {
    setSelected(none);
    address.set({ place: next === 'active' ? '' : next });
  };

  return (
    <Stack gap="xs" h="calc(100dvh - var(--app-shell-header-offset, 0px) - 32px)" mih={320}>
      <PageHeader
        title="Runs"
        about={
          <>
            {amountText(shown.runs.length, shown.here)}
            {common && <span>, all with {common}</span>}
          </>
        }
      >
        <Group gap="sm">
          <Switch
            size="sm"
            label="Group seeds"
            checked={grouped}
            onChange={(event) => address.set({ grouped: event.currentTarget.checked ? 'yes' : '' })}
          />
          <SegmentedControl
            size="xs"
            aria-label="Which runs"
            value={place}
            onChange={choose}
            data={Object.entries(places).map(([value, { label }]) => ({ value, label }))}
          />
          <ColumnMenu shown={ids} onChange={setColumnIds} />
        </Group>
      </PageHeader>
      <FilterBox
        value={address.get('filter')}
        problem={parsed.ok ? null : parsed.problem}
        onChange={(filter) => address.set({ filter })}
      />
      {chosen.length > 0 && <BulkBar rows={chosen} place={place} onDone={() => setSelected(none)} />}
      {place === 'trash' && chosen.length === 0 && shown.here > 0 && <EmptyTrash runs={shown.here} />}
      {shown.items.length === 0 ? (
        <NothingShown place={place} here={shown.here} onClear={() => address.set({ filter: '' })} />
      ) : (
        <Box flex={1} mih={0} ref={ref}>
          <RunTable
            items={shown.items}
            columns={columns}
            grouped={grouped}
            sort={readSort(sort)}
            onSort={(keys) => address.set({ sort: sortText(keys) })}
            selected={selected}
            onSelect={setSelected}
            onOpen={(key) => setOpened(toggled(opened, key))}
          />
        </Box>
      )}
    </Stack>
  );
}

const amountText = (shown: number, here: number): string =>
  shown === here ? plural(here, 'run') : `${countText(shown)} of ${plural(here, 'run')}`;

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function NothingShown({ place, here, onClear }: { place: RunPlace; here: number; onClear(): void }) {
  if (here === 0) return <EmptyState title={places[place].empty}>{places[place].hint}</EmptyState>;
  return (
    <EmptyState
      title="No run matches the filter"
      action={
        <Button variant="default" onClick={onClear}>
          Show all runs
        </Button>
      }
    >
      The filter hides {here === 1 ? 'one run' : `${countText(here)} runs`}.
    </EmptyState>
  );
}
