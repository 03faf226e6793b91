/** The progress of a table while its runs train or wait, and the time left. */
import { Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { percentText, planTimeText } from '#contract/format';
import type { TableState } from '#contract/tableState';
import { useTRPC } from '../../client/trpc.ts';
import { busyCells, isActive, runsOf } from './requests.ts';
import { shareOf } from './words.ts';

/** Milliseconds between estimates of the remaining time. */
const again = 15_000;

export function TableProgress({ state }: { state: TableState }) {
  const { table, profile, results } = state;
  const trpc = useTRPC();
  const cells = busyCells(results);
  const plan = useQuery({
    ...trpc.tables.plan.queryOptions({ table: table.id, profile, cells }),
    enabled: cells.length > 0,
    refetchInterval: again,
    placeholderData: (old) => old,
  });
  const runs = runsOf(results);
  const active = runs.filter(isActive);
  if (active.length === 0) return null;
  const finished = runs.filter(({ state: is }) => is === 'finished').length;
  const share = shareOf(runs);
  const running = active.filter(({ state: is }) => is === 'running').length;
  return (
    <Stack gap={4} className="no-print">
      <Progress value={100 * share} size="sm" aria-label={`${table.title}: ${percentText(share)} done`} />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {finished} of {runs.length} runs finished ({percentText(share)}), {running} running, {active.length - running}{' '}
          waiting
        </Text>
        <Text size="xs" c="dimmed">
          {plan.data ? `left: about ${planTimeText(plan.data)}` : ''}
        </Text>
      </Group>
    </Stack>
  );
}
