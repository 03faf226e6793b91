/** The devices, with the reason and a remedy for each that does not work; the load of this machine; the cluster. */
import { Box, Button, Code, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DeviceInfo } from '#contract/devices';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { CopyText } from '../../components/CopyText.tsx';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { attempt } from '../../components/notify.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { toneColor } from '../../theme.ts';
import { ClusterPanel } from './ClusterPanel.tsx';
import { MachineLoadPanel } from './MachineLoadPanel.tsx';

export function DevicesPage() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const devices = useQuery({ ...trpc.devices.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY });
  const [trying, setTrying] = useState(false);
  const again = async () => {
    setTrying(true);
    await attempt('The devices could not be tried', () => client.devices.list.query({ again: true }));
    await devices.refetch();
    setTrying(false);
  };
  return (
    <Stack gap="md">
      <PageHeader title="Devices" about={devices.data && aboutText(devices.data)}>
        <Button
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={trying}
          disabled={devices.isPending}
          onClick={() => void again()}
        >
          Try again
        </Button>
      </PageHeader>
      {devices.isPending && <Loading what="the trial of every device" />}
      {devices.isError && (
        <ErrorState
          title="The devices could not be tried"
          error={devices.error}
          onRetry={() => void devices.refetch()}
        />
      )}
      {devices.data && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
          {devices.data.map((device) => (
            <Device key={device.name} device={device} />
          ))}
        </SimpleGrid>
      )}
      <section>
        <Title order={2} mb="xs">
          Load
        </Title>
        <MachineLoadPanel />
      </section>
      <ClusterPanel />
    </Stack>
  );
}

function aboutText(devices: readonly DeviceInfo[]): string {
  const working = devices.filter(({ available }) => available).length;
  return `${working} of ${devices.length} ${working === 1 ? 'works' : 'work'} here`;
}

function Device({ device: { name, about, available, why, help, command, detail } }: { device: DeviceInfo }) {
  const Icon = available ? IconCircleCheck : IconCircleX;
  const color = toneColor(available ? 'good' : 'waiting');
  return (
    <Paper withBorder p="sm">
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Box component="span" c={color} lh={0} mt={1} aria-hidden>
          <Icon size={18} />
        </Box>
        <Box miw={0}>
          <Group gap={6}>
            <Title order={3}>{name}</Title>
            <Text size="sm" c={color}>
              {available ? 'works' : 'does not work here'}
            </Text>
          </Group>
          <Text size="xs" c="dimmed">
            {about}
          </Text>
          {why && (
            <Text size="sm" mt={6}>
              {why}
            </Text>
          )}
          {help && (
            <Text size="sm" mt={6}>
              {help}
            </Text>
          )}
          {command && (
            <Group gap="xs" mt={6} wrap="nowrap">
              <Code style={{ overflowWrap: 'anywhere' }}>{command}</Code>
              <Box flex="none">
                <CopyText size="compact-xs" text={command}>
                  Copy
                </CopyText>
              </Box>
            </Group>
          )}
          {detail && (
            <Text component="details" size="xs" c="dimmed" mt={6} style={{ overflowWrap: 'anywhere' }}>
              <summary>Message of the runtime</summary>
              {detail}
            </Text>
          )}
        </Box>
      </Group>
    </Paper>
  );
}
