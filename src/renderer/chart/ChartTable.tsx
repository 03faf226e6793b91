/** The numbers of a chart as a table. */
import { Box, Group, Pagination, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { tickLabel } from '#pictures/ticks';
import type { ChartRange, Series } from './series.ts';
import { tableRows } from './table.ts';

const pageSize = 25;

interface ChartTableProps {
  title: string;
  xLabel: string;
  series: readonly Series[];
  range: ChartRange | null;
}

export function ChartTable({ title, xLabel, series, range }: ChartTableProps) {
  const rows = tableRows(series, range);
  const pages = Math.max(1, Math.ceil(rows.length / pageSize));
  const [wanted, setPage] = useState(1);
  const page = Math.min(wanted, pages);
  return (
    <Box mt="xs">
      <Table aria-label={`${title} as numbers`} withTableBorder striped verticalSpacing={2} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{xLabel}</Table.Th>
            {series.map(({ id, label }) => (
              <Table.Th key={id} ta="right">
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice((page - 1) * pageSize, page * pageSize).map(([x, ...values]) => (
            <Table.Tr key={x}>
              <Table.Td>{tickLabel(x, 8)}</Table.Td>
              {values.map((value, i) => (
                <Table.Td key={series[i].id} ta="right" ff="monospace">
                  {value === null ? '' : tickLabel(value, 6)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length === 0 && <Text size="xs">No points in this range.</Text>}
      {pages > 1 && (
        <Group justify="center" mt="xs">
          <Pagination
            size="xs"
            total={pages}
            value={page}
            onChange={setPage}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          />
        </Group>
      )}
    </Box>
  );
}
