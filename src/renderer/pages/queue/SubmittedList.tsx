/** Runs that wait in Slurm's queue, with the reason. */
import { Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { countText } from '#contract/format';
import type { RunRow } from '#contract/runRow';

/** Most runs in the list. */
const shown = 50;

export function SubmittedList({ rows }: { rows: readonly RunRow[] }) {
  return (
    <Stack gap={4}>
      {rows.slice(0, shown).map(({ id, name, reason }) => (
        <Group key={id} gap="sm" wrap="nowrap">
          <Link to="/runs/$id" params={{ id }} className="quiet-link strong truncate">
            {name}
          </Link>
          <Text size="sm" c="dimmed" truncate>
            {reason?.message ?? 'Being submitted to Slurm.'}
          </Text>
        </Group>
      ))}
      {rows.length > shown && (
        <Text size="sm" c="dimmed">
          and {countText(rows.length - shown)} more
        </Text>
      )}
    </Stack>
  );
}
