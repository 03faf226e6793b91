/** Shows what a wish would start and cost, and starts it when that is agreed to. */
import { Button, Group, Modal } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Wish } from '#contract/papers';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { hasWork, PlanView } from './PlanView.tsx';

export interface Proposal {
  title: string;
  wish: Wish;
}

interface PlanModalProps {
  /** Null: nothing is proposed. */
  proposal: Proposal | null;
  onClose(): void;
  onStart(wish: Wish): void;
}

export function PlanModal({ proposal, onClose, onStart }: PlanModalProps) {
  return (
    <Modal
      opened={proposal !== null}
      onClose={onClose}
      title={proposal?.title}
      closeButtonProps={{ 'aria-label': 'Close the plan' }}
      centered
      size="lg"
    >
      {proposal && (
        <Proposed
          wish={proposal.wish}
          onClose={onClose}
          onStart={() => {
            onClose();
            onStart(proposal.wish);
          }}
        />
      )}
    </Modal>
  );
}

function Proposed({ wish, onClose, onStart }: { wish: Wish; onClose(): void; onStart(): void }) {
  const trpc = useTRPC();
  const plan = useQuery({ ...trpc.tables.plan.queryOptions(wish), staleTime: 0 });
  const queue = useQuery(trpc.queue.get.queryOptions());
  if (plan.isPending) return <Loading what="the plan" />;
  if (plan.isError)
    return <ErrorState title="No plan could be made" error={plan.error} onRetry={() => void plan.refetch()} />;
  return (
    <>
      <PlanView plan={plan.data} isQueuePaused={queue.data?.paused ?? false} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {hasWork(plan.data) ? 'Not now' : 'Close'}
        </Button>
        {hasWork(plan.data) && (
          <Button leftSection={<IconPlayerPlay size={15} />} onClick={onStart} data-autofocus>
            Start
          </Button>
        )}
      </Group>
    </>
  );
}
