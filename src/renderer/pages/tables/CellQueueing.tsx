/** Adds seeds to a cell, showing their cost first. */
import { Button, Group, Text, Title } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { plural } from '#contract/format';
import type { Answer, Profile, Wish } from '#contract/papers';
import { useTRPC } from '../../client/trpc.ts';
import { CountInput } from '../../components/CountInput.tsx';
import { hasWork, PlanView } from './PlanView.tsx';
import type { TableActions } from './useTableActions.ts';
import { seedsBegun, undecidedCells } from './wishes.ts';

interface CellQueueingProps {
  answer: Answer;
  table: string;
  profile: Profile;
  /** Seeds that every cell of the table shall have. */
  seeds: number;
  actions: TableActions;
}

export function CellQueueing({ answer, table, profile, seeds, actions }: CellQueueingProps) {
  const trpc = useTRPC();
  const begun = seedsBegun(answer);
  const [asked, setAsked] = useState<number | null>(null);
  const target = asked ?? Math.max(seeds, undecidedCells([answer])[0]?.seeds ?? 1);
  const wish: Wish = { table, profile, cells: [{ id: answer.cell.id, seeds: target }] };
  const plan = useQuery({ ...trpc.tables.plan.queryOptions(wish), placeholderData: (old) => old });
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
          onClick={() => void actions.start(wish)}
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
