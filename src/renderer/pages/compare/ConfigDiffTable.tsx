/** The fields in which the configs of runs differ. */
import { Table, Text } from '@mantine/core';
import { configDiff } from '#contract/configDiff';
import type { RunRow } from '#contract/runRow';
import { settingText } from '#contract/tableText';
import { runLabels } from '../../runs/groups.ts';

export function ConfigDiffTable({ rows }: { rows: readonly RunRow[] }) {
  const differences = configDiff(rows);
  const names = runLabels(rows);
  if (differences.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {rows.length === 1 ? 'Choose a second run to see differences.' : 'The configs are equal in every field.'}
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={160 + 110 * rows.length}>
      <Table aria-label="Config differences" verticalSpacing={5} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Field</Table.Th>
            {rows.map((row, i) => (
              <Table.Th key={row.id} title={row.id}>
                {names[i]}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.map(({ field, label, values }) => (
            <Table.Tr key={field}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                {label}{' '}
                <Text span size="xs" c="dimmed" ff="monospace">
                  {field}
                </Text>
              </Table.Td>
              {values.map((value, i) => (
                <Table.Td key={rows[i].id} c={value === null ? 'dimmed' : undefined}>
                  {value === null ? 'not set' : settingText(value)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
