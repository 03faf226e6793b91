/** Running runs: device, progress, time left. */
import { ActionIcon, Group, Paper, Progress, Stack, Text, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerStop } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { countText, durationText, metricText, percentText } from '#contract/format';
import type { RunRow } from '#contract/runRow';
import { timeLeftText } from '../../runs/secondsLeft.ts';
import { useRunActions } from '../runs/useRunActions.ts';

export function RunningList({ rows }: { rows: readonly RunRow[] }) {
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No run is running.
      </Text>
    );
  return (
    <Stack gap="xs">
      {rows.map((row) => (
        <RunningRun key={row.id} row={row} />
      ))}
    </Stack>
  );
}

function RunningRun({ row }: { row: RunRow }) {
  const { pause, stop } = useRunActions();
  const share = row.step / Math.max(1, row.totalSteps);
  const best = row.best === null ? '' : `best ${row.metric ?? 'metric'} ${metricText(row.best, row.metric)}`;
  return (
    <Paper withBorder px="sm" py="xs">
      <Group justify="space-between" wrap="nowrap" gap="md">
        <Link to="/runs/$id" params={{ id: row.id }} className="quiet-link strong truncate">
          {row.name}
        </Link>
        <Group gap={4} wrap="nowrap">
          <Tooltip label="Pause at a checkpoint">
            <ActionIcon aria-label={`Pause ${row.name}`} onClick={() => void pause([row.id])}>
              <IconPlayerPause size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Stop at a checkpoint">
            <ActionIcon aria-label={`Stop ${row.name}`} onClick={() => void stop([row.id])}>
              <IconPlayerStop size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <Text size="xs" c="dimmed" mb={6}>
        {[row.task, row.model, row.regime, row.device ?? 'preparing', best].filter(Boolean).join(' · ')}
      </Text>
      <Progress value={100 * share} size="sm" aria-label={`${row.name}: ${percentText(share)} done`} />
      <Group justify="space-between" mt={4} gap="xs">
        <Text size="xs" c="dimmed">
          {countText(row.step)} of {countText(row.totalSteps)} steps ({percentText(share)}), {durationText(row.seconds)}{' '}
          so far
        </Text>
        <Text size="xs" c="dimmed">
          {timeLeftText(row)}
        </Text>
      </Group>
    </Paper>
  );
}
