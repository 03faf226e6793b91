/** The runs of a cell, seed by seed, with buttons to stop, resume and repeat them. */
import { Anchor, Button, Group, Table, Text, Title } from '@mantine/core';
import { IconArrowsDiff, IconPlayerStop, IconRefresh, IconRepeat } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { plural } from '#contract/format';
import type { CellResult, Profile } from '#contract/tableState';
import { LinkButton } from '../../components/LinkButton.tsx';
import { StateBadge } from '../../components/StateBadge.tsx';
import { isActive, isUnfinished } from './requests.ts';
import type { TableActions } from './useTableActions.ts';
import { resultText } from './words.ts';

interface CellRunsProps {
  result: CellResult;
  table: string;
  profile: Profile;
  actions: TableActions;
}

const resultTitle = { accuracy: 'Accuracy', mae: 'Error', steps: 'Steps' };

export function CellRuns({ result, table, profile, actions }: CellRunsProps) {
  const { runs } = result;
  const idsOf = (which: (run: CellResult['runs'][number]) => boolean) => runs.filter(which).map(({ id }) => id);
  const [active, unfinished] = [idsOf(isActive), idsOf(isUnfinished)];
  return (
    <section>
      <Title order={2} mb={6}>
        Runs
      </Title>
      <Table aria-label="Runs of this cell" fz="sm" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Seed</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>{result.metric === null ? 'Result' : resultTitle[result.metric]}</Table.Th>
            <Table.Th>Run</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>{run.seed}</Table.Td>
              <Table.Td>
                <StateBadge state={run.state} />
              </Table.Td>
              <Table.Td maw={190}>
                <Text inherit lineClamp={3} title={resultText(run, result.steps)}>
                  {resultText(run, result.steps)}
                </Text>
              </Table.Td>
              <Table.Td>
                <Anchor renderRoot={(props) => <Link to="/runs/$id" params={{ id: run.id }} {...props} />} inherit>
                  {run.id}
                </Anchor>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group gap="xs" mt="xs">
        {active.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={15} />}
            onClick={() => void actions.stop(active)}
          >
            Stop {plural(active.length, 'run')}
          </Button>
        )}
        {unfinished.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconRepeat size={15} />}
            onClick={() => void actions.resume(unfinished)}
          >
            Resume {plural(unfinished.length, 'run')}
          </Button>
        )}
        {active.length === 0 && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={15} />}
            disabled={result.needs !== null}
            onClick={() => void actions.rerun(result, { table, profile })}
          >
            Rerun
          </Button>
        )}
        {runs.length > 1 && (
          <LinkButton
            to="/compare"
            search={{ ids: idsOf(() => true).join(',') }}
            leftSection={<IconArrowsDiff size={15} />}
          >
            Compare
          </LinkButton>
        )}
      </Group>
    </section>
  );
}
