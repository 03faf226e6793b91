/** Shows the runs and the cost of a request, and starts it on agreement. */
import { Button, Group, Modal } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { LauncherName } from '#contract/cluster';
import type { ReproduceRequest } from '#contract/tableState';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { useWhereToRun, WhereToRun } from '../../components/WhereToRun.tsx';
import { hasWork, PlanView } from './PlanView.tsx';

export interface Proposal {
  title: string;
  request: ReproduceRequest;
}

interface PlanModalProps {
  /** Null: no request; the dialog is closed. */
  proposal: Proposal | null;
  onClose(): void;
  onStart(request: ReproduceRequest): void;
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
          request={proposal.request}
          onClose={onClose}
          onStart={(launcher) => {
            onClose();
            onStart({ ...proposal.request, launcher });
          }}
        />
      )}
    </Modal>
  );
}

interface ProposedProps {
  request: ReproduceRequest;
  onClose(): void;
  onStart(launcher: LauncherName | undefined): void;
}

function Proposed({ request, onClose, onStart }: ProposedProps) {
  const trpc = useTRPC();
  const where = useWhereToRun();
  const launcher = where.hasCluster ? where.launcher : undefined;
  const plan = useQuery({
    ...trpc.tables.plan.queryOptions({ ...request, launcher }),
    staleTime: 0,
    placeholderData: (old) => old,
  });
  const queue = useQuery(trpc.queue.get.queryOptions());
  if (plan.isPending) return <Loading what="the plan" />;
  if (plan.isError)
    return <ErrorState title="The plan could not be computed" error={plan.error} onRetry={() => void plan.refetch()} />;
  return (
    <>
      <PlanView plan={plan.data} isQueuePaused={queue.data?.paused ?? false} />
      {hasWork(plan.data) && <WhereToRun {...where} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {hasWork(plan.data) ? 'Not now' : 'Close'}
        </Button>
        {hasWork(plan.data) && (
          <Button leftSection={<IconPlayerPlay size={15} />} onClick={() => onStart(launcher)} data-autofocus>
            Start
          </Button>
        )}
      </Group>
    </>
  );
}
