/** Compares runs: their curves in one chart, their numbers, and the fields in which they differ. */
import { Stack, Title } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { plural } from '#contract/format';
import type { RunRow } from '#contract/runRow';
import { useTRPC } from '../../client/trpc.ts';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { ConfigDiffTable } from './ConfigDiffTable.tsx';
import { MetricTable } from './MetricTable.tsx';
import { OverlayChart } from './OverlayChart.tsx';
import { ParallelRuns } from './ParallelRuns.tsx';

/** Most curves in the chart; more cannot be told apart. */
const most = 50;

export function ComparePage() {
  const trpc = useTRPC();
  const address = useAddress<'/compare'>();
  const runs = useQuery(trpc.runs.list.queryOptions());
  const asked = address.get('ids');
  const ids = useMemo(() => asked.split(',').filter(Boolean), [asked]);
  const rows = useMemo(() => rowsOf(runs.data ?? [], ids), [runs.data, ids]);
  const parts = useMemo(() => partsOf(rows), [rows]);
  if (runs.isPending) return <Loading what="runs" />;
  if (runs.isError)
    return <ErrorState title="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />;
  if (rows.length === 0) return <NothingChosen />;
  return (
    <Stack gap="lg">
      <PageHeader
        title="Compare"
        about={aboutText(rows.length, ids.length, Math.max(...parts.map((part) => part.rows.length)))}
      >
        <LinkButton to="/">Choose others</LinkButton>
      </PageHeader>
      {parts.map(({ name, rows }) => (
        <OverlayChart key={name} rows={rows.slice(0, most)} part={name} />
      ))}
      {parts.map(({ name, rows }) => (
        <ParallelRuns key={name} rows={rows} results={name || 'results'} />
      ))}
      <section>
        <Title order={2} mb="xs">
          Numbers
        </Title>
        <MetricTable
          rows={rows}
          onRemove={(id) => address.set({ ids: ids.filter((other) => other !== id).join(',') })}
        />
      </section>
      <section>
        <Title order={2} mb="xs">
          Differences
        </Title>
        <ConfigDiffTable rows={rows} />
      </section>
    </Stack>
  );
}

/** Rows in the order of the ids, without deleted runs. */
function rowsOf(all: readonly RunRow[], ids: readonly string[]): RunRow[] {
  const known = new Map(all.map((row) => [row.id, row]));
  return ids.flatMap((id) => known.get(id) ?? []);
}

/** Separates accuracies from errors, which share no axis; names them if there are both. */
function partsOf(rows: readonly RunRow[]): { name: string; rows: readonly RunRow[] }[] {
  const [errors, accuracies] = [rows.filter(isError), rows.filter((row) => !isError(row))];
  if (errors.length === 0 || accuracies.length === 0) return [{ name: '', rows }];
  return [
    { name: 'accuracies', rows: accuracies },
    { name: 'errors', rows: errors },
  ];
}
const isError = ({ metric }: RunRow): boolean => metric === 'mae';

function aboutText(found: number, asked: number, widest: number): string {
  const missing = asked > found ? `; ${asked - found} of the ${asked} chosen no longer exist` : '';
  const tooMany = widest > most ? `; curves of the first ${most}` : '';
  return `${plural(found, 'run')}${missing}${tooMany}`;
}

function NothingChosen() {
  return (
    <>
      <PageHeader title="Compare" />
      <EmptyState
        icon={<IconArrowsDiff size={40} stroke={1.2} />}
        title="Nothing to compare yet"
        action={
          <LinkButton to="/" variant="filled">
            Choose runs
          </LinkButton>
        }
      >
        Select two or more runs on the page Runs (Space, or the boxes on the left) and press Compare.
      </EmptyState>
    </>
  );
}
