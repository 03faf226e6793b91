/** Chooses where new runs train: this machine or the Slurm cluster. Shown only if there is a cluster. */
import { SegmentedControl, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { LauncherName } from '#contract/cluster';
import { useTRPC } from '../client/trpc.ts';

/** The choice, which this window remembers; `local` if there is no cluster. */
export function useWhereToRun() {
  const trpc = useTRPC();
  const cluster = useQuery({ ...trpc.cluster.state.queryOptions(), staleTime: 60_000 });
  const [chosen, choose] = useLocalStorage<LauncherName>({ key: 'permafrost-where-to-run', defaultValue: 'local' });
  const hasCluster = cluster.data?.problem === null;
  const launcher: LauncherName = hasCluster ? chosen : 'local';
  return { launcher, hasCluster, choose };
}

export function WhereToRun({ launcher, hasCluster, choose }: ReturnType<typeof useWhereToRun>) {
  if (!hasCluster) return null;
  return (
    <>
      <Text size="sm" fw={600} mt="sm" mb={4}>
        Where to run
      </Text>
      <SegmentedControl
        fullWidth
        aria-label="Where to run"
        data={[
          { value: 'local', label: 'This machine' },
          { value: 'slurm', label: 'Slurm' },
        ]}
        value={launcher}
        onChange={(value) => choose(value as LauncherName)}
      />
    </>
  );
}
