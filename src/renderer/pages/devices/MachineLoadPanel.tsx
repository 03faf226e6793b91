/** The load of processor, memory and graphics cards, updated about once a second. */
import { Box, Group, Paper, SimpleGrid, Text } from '@mantine/core';
import { useSubscription } from '@trpc/tanstack-react-query';
import { type ReactNode, useState } from 'react';
import type { GpuLoad, MachineLoad } from '#contract/devices';
import { bytesText, percentText } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';
import { Sparkline } from './Sparkline.tsx';
import { ThreadBars } from './ThreadBars.tsx';

/** Number of readings in a line. */
const shown = 60;

export function MachineLoadPanel() {
  const trpc = useTRPC();
  const [loads, setLoads] = useState<readonly MachineLoad[]>([]);
  const live = useSubscription(
    trpc.devices.live.subscriptionOptions(undefined, {
      onData: (load) => setLoads((old) => [...old, load].slice(-shown)),
    }),
  );
  const now = loads.at(-1);
  if (live.status === 'error')
    return <ErrorState title="The load cannot be read" error={live.error} onRetry={live.reset} />;
  if (!now) return <Loading what="the load" />;
  const { cpu, memory, gpus, missing } = now;
  const cards = gpus.map((gpu, i) => ({
    id: `${gpu.name} ${i}`,
    gpu,
    past: (load: MachineLoad) => load.gpus[i]?.load ?? 0,
  }));
  const line = (label: string, value: (load: MachineLoad) => number) => (
    <Sparkline label={`${label} over the last minute`} values={loads.map(value)} length={shown} />
  );
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        <Meter title="Processor" detail={`${cpu.name}, ${cpu.cores.length} threads`} share={cpu.load}>
          {line('Processor load', (load) => load.cpu.load)}
          <ThreadBars loads={cpu.cores} />
        </Meter>
        <Meter
          title="Memory"
          detail={`${bytesText(memory.used)} of ${bytesText(memory.total)}`}
          share={memory.used / memory.total}
        >
          {line('Memory use', (load) => load.memory.used / load.memory.total)}
        </Meter>
        {cards.map(({ id, gpu, past }) => (
          <Meter key={id} title={gpu.name || 'Graphics card'} detail={gpuDetail(gpu)} share={gpu.load}>
            {gpu.load !== null && line(`Load of ${gpu.name}`, past)}
          </Meter>
        ))}
      </SimpleGrid>
      {missing.map(({ what, why }) => (
        <Text key={what + why} size="sm" c="dimmed" mt="xs">
          {what}: {why}
        </Text>
      ))}
    </>
  );
}

function gpuDetail({ memoryUsed, memoryTotal, temperature }: GpuLoad): string {
  const memory =
    memoryUsed !== null && memoryTotal !== null ? [`${bytesText(memoryUsed)} of ${bytesText(memoryTotal)}`] : [];
  return [...memory, ...(temperature === null ? [] : [`${temperature} °C`])].join(', ');
}

interface MeterProps {
  title: string;
  detail: string;
  /** 0 to 1; null if unknown. */
  share: number | null;
  children: ReactNode;
}

function Meter({ title, detail, share, children }: MeterProps) {
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={600} truncate>
          {title}
        </Text>
        <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
          {share === null ? 'unknown' : percentText(share)}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" mb={6}>
        {detail}
      </Text>
      <Box>{children}</Box>
    </Paper>
  );
}
