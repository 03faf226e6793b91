/** Published numbers of some tasks that are no better than the floor, with their tables. */
import { Card, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TaskInfo } from '#contract/catalogue';
import { metricText } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';

export function PublishedOnFloor({ tasks }: { tasks: readonly TaskInfo[] }) {
  const trpc = useTRPC();
  const onFloor = useQuery(trpc.tables.onFloor.queryOptions());
  if (onFloor.isError)
    return <ErrorState title="The published numbers could not be compared with the floor" error={onFloor.error} />;
  const names = tasks.map(({ name }) => name);
  const found = onFloor.data?.filter(({ cell }) => names.includes(cell.params.task ?? ''));
  const spared = tasks.filter(({ name }) => found?.every(({ cell }) => cell.params.task !== name));
  return (
    <Card withBorder component="section" aria-label="Published on the floor">
      <Title order={2} mb="xs">
        Published numbers that are no better than the floor
      </Title>
      {found && found.length > 0 && (
        <Table.ScrollContainer minWidth={800} maxHeight={380} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table fz="sm" verticalSpacing={4} aria-label="Published on the floor">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Table</Table.Th>
                <Table.Th>Row</Table.Th>
                <Table.Th ta="right">Published</Table.Th>
                <Table.Th ta="right">Floor</Table.Th>
                <Table.Th>Source</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map(({ cell: { id, row, column }, table, published: { metric, value, source }, floor }) => (
                <Table.Tr key={id}>
                  <Table.Td maw={330}>
                    <Link
                      className="quiet-link truncate"
                      title={table.title}
                      to="/tables"
                      search={{ table: table.id, profile: 'paper', cell: id }}
                    >
                      {table.title}
                    </Link>
                  </Table.Td>
                  <Table.Td>{column ? `${row} · ${column}` : row}</Table.Td>
                  <Table.Td ta="right">{metricText(value, metric)}</Table.Td>
                  <Table.Td ta="right" title={floor.predictor}>
                    {metricText(floor.value, metric)}
                  </Table.Td>
                  <Table.Td maw={230}>
                    <Text inherit truncate title={source}>
                      {source}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {found && (
        <Text size="sm" c="dimmed" mt={found.length > 0 ? 'xs' : 0}>
          {spared.length > 0 &&
            `No published number of ${spared.map(({ title }) => title).join(', ')} is at the floor. `}
          Better than the floor means: by more than 0.02 in accuracy, or a tenth of the error. Rows whose floor is
          unknown are not compared.
        </Text>
      )}
    </Card>
  );
}
