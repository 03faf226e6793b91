/** Models, a line each: name, size, whether training fits into memory, state. */
import { Box, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { shortCountText } from '#contract/format';
import type { MemoryFit, PullState, ZooModel } from '#contract/zoo';
import { FitText } from './FitText.tsx';
import { ModelState } from './ModelState.tsx';
import type { ZooActions } from './useZooActions.ts';

interface ModelTableProps {
  models: readonly ZooModel[];
  fits: ReadonlyMap<string, MemoryFit>;
  pulls: readonly PullState[];
  actions: ZooActions;
}

export function ModelTable({ models, fits, pulls, actions }: ModelTableProps) {
  return (
    <Table.ScrollContainer minWidth={660} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label="Models" fz="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Model</Table.Th>
            <Table.Th>Layers</Table.Th>
            <Table.Th ta="right" visibleFrom="md">
              Parameters
            </Table.Th>
            <Table.Th visibleFrom="md">Language</Table.Th>
            <Table.Th visibleFrom="md">Licence</Table.Th>
            <Table.Th style={{ whiteSpace: 'nowrap' }}>This machine</Table.Th>
            <Table.Th miw={176} w={200}>
              Weights
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {models.map((model) => (
            <Table.Tr key={model.name}>
              <Table.Td>
                <Link className="quiet-link strong" to="/zoo" search={(old) => ({ ...old, model: model.name })}>
                  {model.name}
                </Link>
                <Text size="xs" c="dimmed" lineClamp={1} title={model.about}>
                  {model.about}
                </Text>
              </Table.Td>
              <Table.Td>
                <Box style={{ whiteSpace: 'nowrap' }}>
                  {model.layers} × {model.width}
                </Box>
                <Text size="xs" c="dimmed">
                  {model.family}
                </Text>
              </Table.Td>
              <Table.Td ta="right" visibleFrom="md">
                {shortCountText(model.parameters.body)}
              </Table.Td>
              <Table.Td visibleFrom="md" style={{ whiteSpace: 'nowrap' }}>
                {model.language}
              </Table.Td>
              <Table.Td visibleFrom="md" c={model.licence ? undefined : 'dimmed'} style={{ whiteSpace: 'nowrap' }}>
                {model.licence ?? 'none stated'}
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <FitText fit={fits.get(model.name)} />
              </Table.Td>
              <Table.Td>
                <ModelState model={model} pull={pulls.find(({ name }) => name === model.name)} actions={actions} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
