/** Buttons for the actions that a run's state allows. */
import { Button, Group, Text } from '@mantine/core';
import { IconCopy, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { RunState } from '#contract/run';
import { useTRPC } from '../../client/trpc.ts';
import { LinkButton } from '../../components/LinkButton.tsx';

type Asked = 'pause' | 'stop' | 'resume';

const actions: { name: Asked; label: string; states: readonly RunState[]; Icon: typeof IconPlayerPause }[] = [
  { name: 'pause', label: 'Pause', states: ['queued', 'running'], Icon: IconPlayerPause },
  { name: 'stop', label: 'Stop', states: ['queued', 'running'], Icon: IconPlayerStop },
  { name: 'resume', label: 'Resume', states: ['paused', 'stopped', 'failed', 'crashed'], Icon: IconPlayerPlay },
];

interface RunActionsProps {
  id: string;
  state: RunState;
}

export function RunActions({ id, state }: RunActionsProps) {
  const trpc = useTRPC();
  const asks = {
    pause: useMutation(trpc.runs.pause.mutationOptions()),
    stop: useMutation(trpc.runs.stop.mutationOptions()),
    resume: useMutation(trpc.runs.resume.mutationOptions()),
  };
  const failed = Object.values(asks).find(({ isError }) => isError);
  return (
    <Group gap="xs">
      {failed && (
        <Text size="sm" c="red" role="alert">
          {failed.error?.message}
        </Text>
      )}
      {actions
        .filter(({ states }) => states.includes(state))
        .map(({ name, label, Icon }) => (
          <Button
            key={name}
            variant="default"
            leftSection={<Icon size={16} />}
            loading={asks[name].isPending}
            onClick={() => asks[name].mutate({ id })}
          >
            {label}
          </Button>
        ))}
      <LinkButton to="/new" search={{ from: id }} leftSection={<IconCopy size={16} />}>
        Clone
      </LinkButton>
    </Group>
  );
}
