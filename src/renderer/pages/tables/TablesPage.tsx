/** Shows a published table with our numbers and verdicts, and starts, watches and stops its runs. */
import { Stack, Text, Title } from '@mantine/core';
import { IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { conclusionTexts } from '#contract/conclusions';
import { dateTimeText } from '#contract/format';
import type { TableState } from '#contract/tableState';
import { madeText, tableFooter } from '#pictures/tableFooter';
import { tallyText } from '#pictures/tableGrid';
import { useTRPC } from '../../client/trpc.ts';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { TermLink } from '../../help/TermLink.tsx';
import { CellDrawer } from './CellDrawer.tsx';
import { ContrastTable } from './ContrastTable.tsx';
import { ExportMenu } from './ExportMenu.tsx';
import { ForestView } from './ForestView.tsx';
import { PlanModal, type Proposal } from './PlanModal.tsx';
import { ResultGrid } from './ResultGrid.tsx';
import { TableButtons } from './TableButtons.tsx';
import { TableControls } from './TableControls.tsx';
import { TableProgress } from './TableProgress.tsx';
import { useLightPrint } from './useLightPrint.ts';
import { useTable, useTableQuery } from './useTable.ts';
import { useTableActions } from './useTableActions.ts';

export function TablesPage() {
  const trpc = useTRPC();
  const asked = useTableQuery();
  const tables = useQuery({ ...trpc.tables.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY });
  const state = useTable(asked);
  useLightPrint();
  if (tables.isError)
    return (
      <ErrorState
        title="The tables could not be read"
        error={tables.error}
        onRetry={() => void Promise.all([tables.refetch(), state.refetch()])}
      />
    );
  if (!tables.data) return <Loading what="the tables" />;
  const isKnown = tables.data.some(({ id }) => id === asked.table);
  return (
    <Stack gap="sm">
      <PageHeader title="Paper tables" about={state.data && tallyText(state.data.results)}>
        {state.data && <ExportMenu state={state.data} view={asked.view} />}
      </PageHeader>
      <TableControls tables={tables.data} asked={asked} />
      {!isKnown && (
        <EmptyState icon={<IconTable size={40} stroke={1.2} />} title={`There is no table ${asked.table}`}>
          Choose one above.
        </EmptyState>
      )}
      {isKnown && state.isError && (
        <ErrorState title="The table could not be read" error={state.error} onRetry={() => void state.refetch()} />
      )}
      {isKnown && state.isPending && <Loading what="the table" />}
      {isKnown && state.data && <Answered state={state.data} asked={asked} />}
    </Stack>
  );
}

function Answered({ state, asked }: { state: TableState; asked: ReturnType<typeof useTableQuery> }) {
  const actions = useTableActions();
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const { table, profile, results, contrasts } = state;
  const open = results.find(({ cell }) => cell.id === asked.cell) ?? null;
  return (
    <>
      <TableButtons
        state={state}
        seeds={asked.seeds}
        onSeeds={(seeds) => asked.set({ seeds })}
        onPropose={setProposal}
        onStop={(ids) => void actions.stop(ids)}
      />
      <TableProgress state={state} />
      <Text className="print-only" fw={600}>
        {table.title}
      </Text>
      {asked.view === 'numbers' ? (
        <ResultGrid state={state} onOpen={(cell) => asked.set({ cell })} />
      ) : (
        <ForestView state={state} />
      )}
      {asked.view === 'numbers' && <ContrastTable contrasts={contrasts} pairs={table.contrasts} />}
      <Conclusions contrasts={contrasts} />
      <Legend state={state} />
      <PlanModal
        proposal={proposal}
        onClose={() => setProposal(null)}
        onStart={(request) => void actions.start(request)}
      />
      <CellDrawer
        result={open}
        table={table}
        profile={profile}
        seeds={asked.seeds}
        actions={actions}
        onProfile={(next) => asked.set({ profile: next })}
        onClose={() => asked.set({ cell: '' })}
      />
    </>
  );
}

/** Sentences that compare the columns. */
function Conclusions({ contrasts }: Pick<TableState, 'contrasts'>) {
  const texts = conclusionTexts(contrasts);
  if (texts.length === 0) return null;
  return (
    <section>
      <Title order={2} mb={4}>
        Conclusions
      </Title>
      {texts.map((text) => (
        <Text key={text} size="sm">
          {text}
        </Text>
      ))}
    </section>
  );
}

/** Below the table: the meaning of its marks, notes and sources. */
function Legend({ state }: { state: TableState }) {
  return (
    <div>
      {tableFooter(state).map((line) => (
        <Text key={line} size="xs" c="dimmed">
          {line}
        </Text>
      ))}
      <Text size="xs" c="dimmed" className="no-print">
        Terms: <TermLink term="profile" />, <TermLink term="verdict" />, <TermLink term="tolerance" />,{' '}
        <TermLink term="floor" />.
      </Text>
      <Text size="xs" className="print-only">
        {madeText(state, dateTimeText(Date.now()))}
      </Text>
    </div>
  );
}
