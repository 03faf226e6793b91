/** All data sets with their state; `?set=` shows one, with samples as the model sees them. */
import { Stack } from '@mantine/core';
import { IconArrowLeft, IconDatabase } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { bytesText } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { RemovedList } from '../../components/RemovedList.tsx';
import { useAddress } from '../../components/useAddress.ts';
import { DatasetCard } from './DatasetCard.tsx';
import { DatasetTable } from './DatasetTable.tsx';
import { TaskSection } from './TaskSection.tsx';
import { useDataActions } from './useDataActions.ts';
import { useDatasets } from './useDatasets.ts';

export function DatasetsPage() {
  const trpc = useTRPC();
  const { datasets, removed, pulls } = useDatasets();
  const catalogue = useQuery(trpc.config.catalogue.queryOptions());
  const actions = useDataActions();
  const asked = useAddress<'/datasets'>().get('set');
  const failed = [datasets, catalogue].find(({ isError }) => isError);
  if (failed)
    return (
      <ErrorState title="The data sets could not be read" error={failed.error} onRetry={() => void failed.refetch()} />
    );
  if (!datasets.data || !catalogue.data) return <Loading what="the data sets" />;
  const tasksOf = (name: string | null) => catalogue.data.tasks.filter(({ dataset }) => dataset === name);
  if (asked === '') {
    const ready = datasets.data.filter(({ state }) => state === 'ready').length;
    const disk = datasets.data.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    return (
      <Stack gap="md">
        <PageHeader
          title="Datasets"
          about={`${datasets.data.length} data sets, ${ready} ready, ${bytesText(disk)} on disk`}
        />
        <RemovedList removed={removed} onRestore={(name) => void actions.restore(name)} />
        <DatasetTable datasets={datasets.data} pulls={pulls} actions={actions} />
        <TaskSection heading="Tasks that generate their samples" tasks={tasksOf(null)} canDraw />
      </Stack>
    );
  }
  const dataset = datasets.data.find(({ name }) => name === asked);
  return (
    <Stack gap="xs">
      <PageHeader title={dataset?.title ?? asked}>
        <LinkButton to="/datasets" leftSection={<IconArrowLeft size={15} />}>
          All data sets
        </LinkButton>
      </PageHeader>
      <RemovedList removed={removed} onRestore={(name) => void actions.restore(name)} />
      {dataset ? (
        <DatasetCard
          key={asked}
          dataset={dataset}
          pull={pulls.find(({ name }) => name === asked)}
          tasks={tasksOf(asked)}
          actions={actions}
        />
      ) : (
        <EmptyState icon={<IconDatabase size={40} stroke={1.2} />} title={`There is no data set ${asked}`}>
          Choose one from the list.
        </EmptyState>
      )}
    </Stack>
  );
}
