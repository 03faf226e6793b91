/** The numbers of runs, grouped by config, with the mean of each config over its seeds. */
import { ActionIcon, Table, Text, VisuallyHidden } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { metricText } from '#contract/format';
import { groupRuns, type Mean, marginText, metricColumns, type RunGroup } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import { StateBadge } from '../../components/StateBadge.tsx';
import { columnsOf } from '../../runs/columns.ts';
import { groupLabels } from '../../runs/groups.ts';

const metrics = columnsOf(metricColumns);
const plain = columnsOf(['seed', 'seconds', 'step', 'trainable']);

interface MetricTableProps {
  rows: readonly RunRow[];
  onRemove(id: string): void;
}

export function MetricTable({ rows, onRemove }: MetricTableProps) {
  const groups = groupRuns(rows);
  const names = groupLabels(groups);
  return (
    <Table.ScrollContainer minWidth={960}>
      <Table aria-label="Metrics" verticalSpacing={5} horizontalSpacing={6} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Run</Table.Th>
            <Table.Th>State</Table.Th>
            {[...metrics, ...plain].map(({ id, label, help }) => (
              <Table.Th key={id} ta="right" title={help}>
                {label}
              </Table.Th>
            ))}
            <Table.Th w={32}>
              <VisuallyHidden>Remove</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.flatMap((group, i) => [
            ...(group.rows.length > 1 ? [<MeanLine key={group.key} group={group} name={names[i]} />] : []),
            ...group.rows.map((row) => (
              <RunLine key={row.id} row={row} inside={group.rows.length > 1} onRemove={() => onRemove(row.id)} />
            )),
          ])}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function MeanLine({ group, name }: { group: RunGroup; name: string }) {
  const means: Record<string, Mean | null> = group.means;
  return (
    <Table.Tr bg="var(--permafrost-surface)">
      <Table.Td fw={600} miw={220}>
        {name}
      </Table.Td>
      <Table.Td c="dimmed">n = {group.rows.length}</Table.Td>
      {metrics.map(({ id }) => (
        <Table.Td key={id} ta="right" fw={600}>
          {means[id] && <MeanText mean={means[id]} metric={group.rows[0].metric} />}
        </Table.Td>
      ))}
      <Table.Td colSpan={plain.length + 1} c="dimmed" ta="right">
        mean with its 95 % interval
      </Table.Td>
    </Table.Tr>
  );
}

/** A mean above its interval, each in one line. */
function MeanText({ mean, metric }: { mean: Mean; metric: RunRow['metric'] }) {
  return (
    <>
      {metricText(mean.mean, metric)}{' '}
      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        {marginText(mean, (value) => metricText(value, metric))}
      </Text>
    </>
  );
}

interface RunLineProps {
  row: RunRow;
  inside: boolean;
  onRemove(): void;
}

function RunLine({ row, inside, onRemove }: RunLineProps) {
  return (
    <Table.Tr>
      <Table.Td pl={inside ? 'lg' : undefined}>
        <Link to="/runs/$id" params={{ id: row.id }} className="quiet-link">
          {row.name}
        </Link>
        <Text size="xs" c="dimmed">
          {row.id}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge state={row.state} />
      </Table.Td>
      {[...metrics, ...plain].map((column) => (
        <Table.Td key={column.id} ta="right" style={{ whiteSpace: 'nowrap' }}>
          {column.text(row)}
        </Table.Td>
      ))}
      <Table.Td p={0}>
        <ActionIcon size="sm" aria-label={`Remove ${row.id} from the comparison`} onClick={onRemove}>
          <IconX size={14} />
        </ActionIcon>
      </Table.Td>
    </Table.Tr>
  );
}
