/** The devices, with the reason and a remedy for each that does not work; the load of this machine; the cluster. */
import { Button, SimpleGrid, Stack, Title } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DeviceInfo } from '#contract/devices';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { attempt } from '../../components/notify.tsx';
import { PageHeader } from '../../components/PageHeader.tsx';
import { ClusterPanel } from './ClusterPanel.tsx';
import { DeviceCard } from './DeviceCard.tsx';
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
            <DeviceCard key={device.name} device={device} />
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
