/** Adds seeds to a cell, showing their cost first. */
import { Button, Group, Text, Title } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { plural } from '#contract/format';
import type { CellResult, Profile, ReproduceRequest } from '#contract/tableState';
import { useTRPC } from '../../client/trpc.ts';
import { CountInput } from '../../components/CountInput.tsx';
import { hasWork, PlanView } from './PlanView.tsx';
import { seedsBegun, seedsOf, undecidedCells, type WantedSeeds } from './requests.ts';
import type { TableActions } from './useTableActions.ts';

interface CellQueueingProps {
  result: CellResult;
  table: string;
  profile: Profile;
  seeds: WantedSeeds;
  actions: TableActions;
}

export function CellQueueing({ result, table, profile, seeds, actions }: CellQueueingProps) {
  const trpc = useTRPC();
  const begun = seedsBegun(result);
  const [asked, setAsked] = useState<number | null>(null);
  const target = asked ?? Math.max(seedsOf(result, seeds), undecidedCells([result])[0]?.seeds ?? 1);
  const request: ReproduceRequest = { table, profile, cells: [{ id: result.cell.id, seeds: target }] };
  const plan = useQuery({ ...trpc.tables.plan.queryOptions(request), placeholderData: (old) => old });
  const queue = useQuery(trpc.queue.get.queryOptions());
  const add = (more: number) => setAsked(Math.min(100, begun + more));
  return (
    <section>
      <Title order={2} mb={6}>
        Train it
      </Title>
      <Group gap="xs" mb="xs">
        <CountInput name="Seeds" label="Seeds of this cell" width={110} max={100} value={target} onChange={setAsked} />
        {begun > 0 &&
          [1, 3].map((more) => (
            <Button key={more} variant="default" onClick={() => add(more)}>
              {plural(more, 'more seed')}
            </Button>
          ))}
        <Button
          leftSection={<IconPlayerPlay size={15} />}
          disabled={!plan.data || !hasWork(plan.data)}
          onClick={() => void actions.start(request)}
        >
          Queue
        </Button>
      </Group>
      {plan.data && <PlanView plan={plan.data} isQueuePaused={queue.data?.paused ?? false} />}
      {plan.isError && (
        <Text size="sm" c="red" role="alert">
          {plan.error.message}
        </Text>
      )}
    </section>
  );
}
