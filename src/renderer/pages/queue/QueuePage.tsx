/** The running and the queued runs, with their order, a pause button and the number of runs at once. */
import { Alert, Button, Group, Stack, Title } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconStack2 } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RunRow } from '#contract/runRow';
import { useTRPC } from '../../client/trpc.ts';
import { CountInput } from '../../components/CountInput.tsx';
import { EmptyState } from '../../components/EmptyState.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { Loading } from '../../components/Loading.tsx';
import { notifyError } from '../../components/notify.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { QueuedList } from './QueuedList.tsx';
import { RunningList } from './RunningList.tsx';
import { SubmittedList } from './SubmittedList.tsx';

export function QueuePage() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const queue = useQuery(trpc.queue.get.queryOptions());
  const runs = useQuery(trpc.runs.list.queryOptions());
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.queue.get.queryKey() });
  const told = (title: string) => ({ onError: (error: unknown) => notifyError(title, error), onSettled: refresh });
  const pause = useMutation(trpc.queue.pause.mutationOptions(told('The queue could not be paused')));
  const resume = useMutation(trpc.queue.resume.mutationOptions(told('The queue could not be resumed')));
  const setSlots = useMutation(
    trpc.queue.setSlots.mutationOptions(told('The number of runs at once could not be changed')),
  );
  const move = useMutation(trpc.queue.move.mutationOptions(told('The run could not be moved')));

  if (queue.isPending || runs.isPending) return <Loading what="the queue" />;
  if (queue.isError || runs.isError)
    return (
      <ErrorState
        title="The queue could not be read"
        error={queue.error ?? runs.error}
        onRetry={() => void Promise.all([queue.refetch(), runs.refetch()])}
      />
    );
  const { paused, slots } = queue.data;
  const known = new Map(runs.data.map((row) => [row.id, row]));
  const rowsOf = (ids: readonly string[]): RunRow[] => ids.flatMap((id) => known.get(id) ?? []);
  const [running, queued] = [rowsOf(queue.data.running), rowsOf(queue.data.queued)];
  const submitted = rowsOf(queue.data.submitted);
  return (
    <Stack gap="md">
      <PageHeader title="Queue" about={`${running.length} running, ${queued.length + submitted.length} waiting`}>
        <Group gap="xs">
          <CountInput
            name="At once"
            label="Runs at once"
            width={130}
            max={64}
            value={slots}
            onChange={(next) => setSlots.mutate({ slots: next })}
          />
          {paused ? (
            <Button leftSection={<IconPlayerPlay size={15} />} onClick={() => resume.mutate()}>
              Resume the queue
            </Button>
          ) : (
            <Button variant="default" leftSection={<IconPlayerPause size={15} />} onClick={() => pause.mutate()}>
              Pause the queue
            </Button>
          )}
        </Group>
      </PageHeader>
      {paused && (
        <Alert color="ice" variant="light" title="The queue is paused" py="xs">
          {running.length > 0 && 'Running runs continue. '}New runs start when you resume the queue.
        </Alert>
      )}
      {running.length + queued.length + submitted.length === 0 ? (
        <EmptyState
          icon={<IconStack2 size={40} stroke={1.2} />}
          title="No run is running or waiting"
          action={
            <LinkButton to="/new" variant="filled">
              New run
            </LinkButton>
          }
        >
          New and resumed runs wait here until a slot is free.
        </EmptyState>
      ) : (
        <>
          <section>
            <Title order={2} mb="xs">
              Running
            </Title>
            <RunningList rows={running} />
          </section>
          <section>
            <Title order={2} mb="xs">
              Waiting
            </Title>
            <QueuedList rows={queued} onMove={(id, place) => move.mutate({ id, place })} />
          </section>
          {submitted.length > 0 && (
            <section>
              <Title order={2} mb="xs">
                Waiting in Slurm
              </Title>
              <SubmittedList rows={submitted} />
            </section>
          )}
        </>
      )}
    </Stack>
  );
}
