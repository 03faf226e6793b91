/** The gain of one column over another with its interval, which answers the table's question. */
import { Table, Text, Title } from '@mantine/core';
import type { Contrast } from '#contract/tableState';
import { conclusionText, gainText, rangeText } from '#contract/tableText';
import { contrastLooks } from '#pictures/verdictLooks';
import { toneColor } from '../../theme.ts';

export function ContrastTable({
  contrasts,
  pairs,
}: {
  contrasts: readonly Contrast[];
  pairs: readonly [string, string][];
}) {
  if (pairs.length === 0) return null;
  const names = pairs.map(([one, other]) => `${one} over ${other}`);
  return (
    <section className={contrasts.length > 0 ? 'contrasts' : 'no-print'}>
      <Title order={2} mb={4}>
        {names.length === 1 ? names[0] : 'Gains'}
      </Title>
      {contrasts.length === 0 ? (
        <Text size="sm" c="dimmed">
          {names.length > 1 && `${names.join('; ')}. `}Gains appear when both columns of a row have two seeds.
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={520} type="native" tabIndex={0}>
          <Table aria-label="Contrasts" fz="sm" verticalSpacing={4} w="auto" horizontalSpacing="lg">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Row</Table.Th>
                <Table.Th>Columns</Table.Th>
                <Table.Th ta="right">Gain</Table.Th>
                <Table.Th ta="right">95 % interval</Table.Th>
                <Table.Th>Verdict</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {contrasts.map((contrast) => (
                <Table.Tr key={`${contrast.row} ${contrast.columns}`}>
                  <Table.Td>{contrast.row}</Table.Td>
                  <Table.Td>{contrast.columns}</Table.Td>
                  <Table.Td ta="right" fw={600}>
                    {contrast.difference && gainText(contrast.difference)}
                  </Table.Td>
                  <Table.Td ta="right">{contrast.difference && rangeText(contrast.difference)}</Table.Td>
                  <Table.Td c={toneColor(contrastLooks[contrast.verdict].tone)} maw={520}>
                    {conclusionText(contrast)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        A positive gain is better: a higher accuracy or a lower error. No difference: the interval lies within the
        tolerance. Columns with at least five seeds in common are compared seed by seed.
      </Text>
    </section>
  );
}
