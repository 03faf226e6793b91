/** Run: everything about one run, live. */
import { Group, SimpleGrid, Stack } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { regimeOf } from '#contract/regime';
import type { ChartRange } from '../../chart/series.ts';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { Section } from '../../components/Section.tsx';
import { StateBadge } from '../../components/StateBadge.tsx';
import { AttentionPanel } from './AttentionPanel.tsx';
import { Checkpoints } from './Checkpoints.tsx';
import { ConfigTable, Deviations } from './ConfigTable.tsx';
import { Curves } from './Curves.tsx';
import { FrozenWeights } from './FrozenWeights.tsx';
import { LogPanel } from './LogPanel.tsx';
import { Notes } from './Notes.tsx';
import { RunActions } from './RunActions.tsx';
import { RunSummary } from './RunSummary.tsx';
import { publishedFor } from './series.ts';
import { useRunFeed } from './useRunFeed.ts';

/** The page at `/runs/$id`. */
export function RunPage() {
  const { id = '' } = useParams({ strict: false });
  return <OneRun key={id} id={id} />;
}

function OneRun({ id }: { id: string }) {
  const trpc = useTRPC();
  useDocumentTitle(`${id} – Permafrost`);
  const run = useQuery(trpc.runs.get.queryOptions({ id }, { retry: false }));
  const catalogue = useQuery(trpc.config.catalogue.queryOptions());
  const [range, setRange] = useState<ChartRange | null>(null);
  const { row, curves, error, lost, retry } = useRunFeed(id, range);

  const problem = run.error ?? error;
  if (problem)
    return (
      <ErrorState
        title={`Run ${id} cannot be shown`}
        error={problem}
        onRetry={() => {
          void run.refetch();
          retry();
        }}
        action={<LinkButton to="/">Go to the runs</LinkButton>}
      />
    );
  if (!run.data || !row) return <Loading what="the run" />;
  const { config, deviations } = run.data;
  const published = publishedFor(config, catalogue.data?.presets ?? []);
  return (
    <Stack gap="md">
      <PageHeader
        title={row.name}
        about={
          <Group gap="md">
            <StateBadge state={row.state} />
            <span>{[id, config.task, config.model_name, regimeOf(config), `seed ${config.seed}`].join(' · ')}</span>
          </Group>
        }
      >
        <RunActions id={id} state={row.state} />
      </PageHeader>
      {lost !== null && <ErrorState title="The live connection is broken" error={lost} onRetry={retry} />}
      <RunSummary run={run.data} row={row} published={published} />
      <Curves
        id={id}
        config={config}
        metric={row.metric ?? 'accuracy'}
        feed={curves}
        live={row.state === 'running'}
        range={range}
        published={published}
        onRange={setRange}
      >
        <Section title="Log">
          <LogPanel id={id} />
        </Section>
      </Curves>
      <Section title="Attention">
        <AttentionPanel id={id} metric={row.metric ?? 'accuracy'} />
      </Section>
      <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: 'start' }}>
        <Section title="Config">
          <ConfigTable config={config} />
        </Section>
        <Stack gap="md">
          <Section title="Differs from the published protocol">
            <Deviations deviations={run.data.trainable === null ? null : deviations} />
          </Section>
          <Section title="Frozen weights">
            <FrozenWeights id={id} />
          </Section>
          <Section title="Checkpoints">
            <Checkpoints id={id} />
          </Section>
          <Section title="Tags and notes">
            <Notes id={id} tags={row.tags} note={row.note} />
          </Section>
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}
