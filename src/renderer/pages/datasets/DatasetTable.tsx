/** Data sets, a line each: name, tasks that use it, licence, state. */
import { Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type DatasetInfo, type DatasetPull, downloadText } from '#contract/data';
import { bytesText } from '#contract/format';
import { DatasetState } from './DatasetState.tsx';
import type { DataActions } from './useDataActions.ts';

interface DatasetTableProps {
  datasets: readonly DatasetInfo[];
  pulls: readonly DatasetPull[];
  actions: DataActions;
}

export function DatasetTable({ datasets, pulls, actions }: DatasetTableProps) {
  return (
    <Table.ScrollContainer minWidth={660} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label="Data sets" fz="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Data set</Table.Th>
            <Table.Th>Tasks</Table.Th>
            <Table.Th visibleFrom="lg">Licence</Table.Th>
            <Table.Th ta="right">Download</Table.Th>
            <Table.Th ta="right" visibleFrom="md" style={{ whiteSpace: 'nowrap' }}>
              On disk
            </Table.Th>
            <Table.Th w={290}>This machine</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {datasets.map((dataset) => (
            <Table.Tr key={dataset.name}>
              <Table.Td>
                <Link className="quiet-link strong" to="/datasets" search={{ set: dataset.name }}>
                  {dataset.title}
                </Link>
                <Text size="xs" c="dimmed">
                  {dataset.name}
                </Text>
              </Table.Td>
              <Table.Td>{dataset.tasks.join(', ')}</Table.Td>
              <Table.Td maw={280} visibleFrom="lg">
                <Text inherit lineClamp={2} title={dataset.licence}>
                  {dataset.licence}
                </Text>
              </Table.Td>
              <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                {downloadText(dataset)}
              </Table.Td>
              <Table.Td ta="right" visibleFrom="md" style={{ whiteSpace: 'nowrap' }}>
                {bytesText(dataset.diskBytes)}
              </Table.Td>
              <Table.Td>
                <DatasetState
                  dataset={dataset}
                  pull={pulls.find(({ name }) => name === dataset.name)}
                  actions={actions}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
