/** Published tables: every cell with its published number, ours and a verdict; starting, watching and stopping their runs. */
import { Stack, Text } from '@mantine/core';
import { IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { dateTimeText } from '#contract/format';
import type { CellResult, TableState } from '#contract/tableState';
import { chanceText, outlookText, weightsAndScoreTexts, weightsAndScoreTitle } from '#contract/tableText';
import { allowedText } from '#pictures/tableFooter';
import { marks, marksOf, tallyText } from '#pictures/tableGrid';
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
      <Legend state={state} />
      {asked.view === 'numbers' && <ContrastTable contrasts={contrasts} pairs={table.contrasts} />}
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

/** Each note once; one that not every row has, with the rows that it is about. */
function notesOf(results: readonly CellResult[]): string[] {
  const rowsOf = (some: readonly CellResult[]) => [...new Set(some.map(({ cell }) => cell.row))];
  const notes = [...new Set(results.flatMap(({ notes }) => notes))];
  return notes.map((note) => {
    const rows = rowsOf(results.filter(({ notes }) => notes.includes(note)));
    return rows.length === rowsOf(results).length ? note : `${note} (${rows.join(', ')})`;
  });
}

/** Below the table: the meaning of its marks, open questions, sources. */
function Legend({ state }: { state: TableState }) {
  const { table, profile, tolerance, results } = state;
  const used = new Set(results.flatMap(marksOf));
  const signs = (Object.keys(marks) as (keyof typeof marks)[])
    .filter((name) => used.has(name))
    .map((name) => `${marks[name].sign} ${marks[name].means}.`);
  const sources = [...new Set(results.flatMap(({ cell }) => cell.published?.source ?? []))];
  const lines = [
    `Paper: value ± standard deviation over runs. Ours: mean with its 95 % interval. Verdicts allow ${allowedText(tolerance)}.`,
    ...signs,
    ...[outlookText(results), chanceText(state), table.note].flatMap((text) => text ?? []),
    ...weightsAndScoreTexts(state.weightsAndScore).map((text) => `${weightsAndScoreTitle}: ${text}.`),
    ...notesOf(results).map((note) => `Quick: ${note}.`),
    ...(sources.length > 0 ? [`Sources: ${sources.join('; ')}.`] : []),
  ];
  return (
    <div>
      {lines.map((line) => (
        <Text key={line} size="xs" c="dimmed">
          {line}
        </Text>
      ))}
      <Text size="xs" c="dimmed" className="no-print">
        Terms: <TermLink term="profile" />, <TermLink term="verdict" />, <TermLink term="tolerance" />,{' '}
        <TermLink term="floor" />.
      </Text>
      <Text size="xs" className="print-only">
        Permafrost, profile {profile}, {dateTimeText(Date.now())}
      </Text>
    </div>
  );
}
