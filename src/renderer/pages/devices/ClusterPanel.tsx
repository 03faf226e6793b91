/** The Slurm cluster: partitions, our jobs with the reason why they wait, and the settings of new jobs. */
import { Button, Group, Table, Text, Title } from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ClusterJob, Partition } from '#contract/cluster';
import { countText } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { ClusterSettingsForm } from './ClusterSettingsForm.tsx';

const refreshTime = 10_000; // ms
/** Most jobs in the table. */
const shownJobs = 100;

export function ClusterPanel() {
  const trpc = useTRPC();
  const cluster = useQuery({ ...trpc.cluster.state.queryOptions(), refetchInterval: refreshTime });
  const [isEditing, setEditing] = useState(false);
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2}>Slurm</Title>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconSettings size={15} />}
          aria-expanded={isEditing}
          onClick={() => setEditing(!isEditing)}
        >
          Cluster settings
        </Button>
      </Group>
      {isEditing && <ClusterSettingsForm onDone={() => setEditing(false)} />}
      {cluster.isPending && <Loading what="the cluster" />}
      {cluster.isError && (
        <ErrorState
          title="The cluster could not be read"
          error={cluster.error}
          onRetry={() => void cluster.refetch()}
        />
      )}
      {cluster.data?.problem && (
        <Text size="sm" c="dimmed">
          {cluster.data.problem}
        </Text>
      )}
      {cluster.data && !cluster.data.problem && (
        <>
          <PartitionTable partitions={cluster.data.partitions} />
          <JobTable jobs={cluster.data.jobs} />
        </>
      )}
    </section>
  );
}

function PartitionTable({ partitions }: { partitions: readonly Partition[] }) {
  return (
    <Table aria-label="Partitions" withTableBorder verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Partition</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Idle nodes</Table.Th>
          <Table.Th>Idle cores</Table.Th>
          <Table.Th>Free GPUs</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {partitions.map(({ name, availability, nodes, idleNodes, cpus, idleCpus, gpus, freeGpus }) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td>{availability}</Table.Td>
            <Table.Td>
              {countText(idleNodes)} of {countText(nodes)}
            </Table.Td>
            <Table.Td>
              {countText(idleCpus)} of {countText(cpus)}
            </Table.Td>
            <Table.Td>{gpus === 0 ? 'none' : `${countText(freeGpus)} of ${countText(gpus)}`}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function JobTable({ jobs }: { jobs: readonly ClusterJob[] }) {
  if (jobs.length === 0)
    return (
      <Text size="sm" c="dimmed" mt="xs">
        None of your runs waits or trains on the cluster.
      </Text>
    );
  return (
    <>
      <Table aria-label="Jobs" withTableBorder verticalSpacing={4} mt="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Job</Table.Th>
            <Table.Th>Runs</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Where, or why it waits</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.slice(0, shownJobs).map(({ id, tasks, state, nodes, reason }) => (
            <Table.Tr key={id}>
              <Table.Td>{id}</Table.Td>
              <Table.Td>{countText(tasks)}</Table.Td>
              <Table.Td>{state}</Table.Td>
              <Table.Td>{nodes || reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {jobs.length > shownJobs && (
        <Text size="xs" c="dimmed" mt={4}>
          and {countText(jobs.length - shownJobs)} more
        </Text>
      )}
    </>
  );
}
