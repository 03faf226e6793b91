/** Everything about one cell: what was published, what answers it here, its runs, and what can be done. */
import { Anchor, Button, CopyButton, Drawer, Group, NumberInput, Stack, Table, Text, Title } from '@mantine/core';
import {
  IconArrowsDiff,
  IconBox,
  IconCheck,
  IconFlask2,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconRepeat,
  IconTerminal2,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode, useState } from 'react';
import { publishedText, rangeText } from '#contract/answerText';
import { type ConfigField, fieldMeta } from '#contract/config';
import type { Answer, Profile, Published, Wish } from '#contract/papers';
import { useTRPC } from '../../client/trpc.ts';
import { count, metricValue } from '../../components/format.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { StateBadge } from '../../components/StateBadge.tsx';
import { quoted } from '../newRun/command.ts';
import { hasWork, PlanView } from './PlanView.tsx';
import type { TableActions } from './useTableActions.ts';
import { VerdictBadge, verdictMeaning } from './VerdictBadge.tsx';
import { isUnderWay, isUnfinished, seedsBegun, undecidedCells } from './wishes.ts';
import { resultText, some, toleranceText } from './words.ts';

interface CellDrawerProps {
  /** Null: no cell is open. */
  answer: Answer | null;
  table: string;
  profile: Profile;
  /** Seeds that every cell of the table shall have. */
  seeds: number;
  actions: TableActions;
  onProfile(profile: Profile): void;
  onClose(): void;
}

export function CellDrawer({ answer, onClose, ...rest }: CellDrawerProps) {
  return (
    <Drawer
      opened={answer !== null}
      onClose={onClose}
      position="right"
      size={520}
      title={answer && `${answer.cell.row} · ${answer.cell.column}`}
      closeButtonProps={{ 'aria-label': 'Close the cell' }}
      transitionProps={{ duration: 0 }}
    >
      {answer && <CellDetails key={answer.cell.id} answer={answer} {...rest} />}
    </Drawer>
  );
}

function CellDetails({
  answer,
  table,
  profile,
  seeds,
  actions,
  onProfile,
}: Omit<CellDrawerProps, 'onClose'> & { answer: Answer }) {
  const { cell, needs, notes, floor, onFloor, metric, runs, judgement } = answer;
  const facts: [string, ReactNode][] = [
    ['Verdict', verdictMeaning(answer)],
    ['Tolerance', judgement.tolerance !== null && toleranceText(judgement.tolerance, metric)],
    [
      'Ours',
      judgement.mean !== null && `${metricValue(judgement.mean, metric)} mean of ${some(judgement.seeds, 'seed')}`,
    ],
    ['95 % interval', judgement.seeds > 1 && rangeText(judgement)],
    [
      'Guessing',
      floor &&
        `${metricValue(floor.value, metric)}, saying ${floor.predictor}${onFloor ? '; the published number is no better' : ''}`,
    ],
    ['Not yet', needs],
    ['Quick', notes.join('; ')],
  ];
  return (
    <Stack gap="md">
      <Group gap="sm">
        <VerdictBadge answer={answer} />
        <Text size="xs" c="dimmed" ff="monospace">
          {cell.id}
        </Text>
      </Group>
      <Facts rows={facts} />
      {needs === null ? (
        <Queueing answer={answer} table={table} profile={profile} seeds={seeds} actions={actions} />
      ) : (
        <Ways answer={answer} profile={profile} onProfile={onProfile} />
      )}
      {runs.length > 0 && <Runs answer={answer} table={table} profile={profile} actions={actions} />}
      <section>
        <Title order={2} mb={6}>
          Published
        </Title>
        {cell.published ? (
          <PublishedFacts published={cell.published} />
        ) : (
          <Text size="sm" c="dimmed">
            No number was published for this cell.
          </Text>
        )}
      </section>
      {cell.beside.map((other) => (
        <section key={other.source}>
          <Title order={2} mb={6}>
            What others found
          </Title>
          <PublishedFacts published={other} />
        </section>
      ))}
      <section>
        <Title order={2} mb={6}>
          Settings of the published run
        </Title>
        <Facts
          rows={Object.entries(cell.params).map(([field, value]) => [
            fieldMeta(field as ConfigField).label,
            typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value),
          ])}
        />
        <Group gap="xs" mt="xs">
          <LinkButton to="/new" search={{ preset: cell.id } as never} leftSection={<IconFlask2 size={15} />}>
            Open as a new run
          </LinkButton>
          <CopyCommand cell={cell.id} table={table} profile={profile} seeds={seeds} />
        </Group>
      </section>
    </Stack>
  );
}

/** Labels and what they say; what says nothing is left out. */
function Facts({ rows }: { rows: readonly [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, text]) => text)
        .map(([label, text]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

function PublishedFacts({ published }: { published: Published }) {
  const { metric, values, iterations, trainable, total } = published;
  const parameters =
    trainable !== undefined && `${count(trainable)} trained${total === undefined ? '' : ` of ${count(total)}`}`;
  return (
    <Facts
      rows={[
        [metric === 'mae' ? 'Mean absolute error' : 'Accuracy', publishedText(published)],
        ['Runs', published.runs === null ? 'not said' : String(published.runs)],
        ['Each run', values?.join(', ')],
        ['Iterations', iterations?.map(count).join(', ')],
        ['Parameters', parameters],
        ['Source', published.source],
        [
          'Certainty',
          published.certainty === 'read' ? 'read in the source itself' : 'second-hand: as another text quotes it',
        ],
        ['Note', published.note],
      ]}
    />
  );
}

/** Ways on for a cell that cannot run here as things are. */
function Ways({
  answer: { cell },
  profile,
  onProfile,
}: Pick<CellDrawerProps, 'profile' | 'onProfile'> & { answer: Answer }) {
  if (cell.beyond !== null) return null;
  return (
    <Group gap="xs">
      {profile === 'quick' && (
        <Button variant="default" onClick={() => onProfile('paper')}>
          Show it as published
        </Button>
      )}
      {profile === 'paper' && cell.params.model_name && (
        <LinkButton to="/zoo" search={{ model: cell.params.model_name } as never} leftSection={<IconBox size={15} />}>
          {cell.params.model_name} in the zoo
        </LinkButton>
      )}
    </Group>
  );
}

type PartProps = Pick<CellDrawerProps, 'table' | 'profile' | 'actions'> & { answer: Answer };

/** Brings the cell to so many seeds, with what that costs. */
function Queueing({ answer, table, profile, seeds, actions }: PartProps & { seeds: number }) {
  const trpc = useTRPC();
  const begun = seedsBegun(answer);
  const [asked, setAsked] = useState<number | null>(null);
  const target = asked ?? Math.max(seeds, undecidedCells([answer])[0]?.seeds ?? 1);
  const wish: Wish = { table, profile, cells: [{ id: answer.cell.id, seeds: target }] };
  const plan = useQuery({ ...trpc.tables.plan.queryOptions(wish), placeholderData: (old) => old });
  const queue = useQuery(trpc.queue.get.queryOptions());
  const add = (more: number) => setAsked(Math.min(100, begun + more));
  return (
    <section>
      <Title order={2} mb={6}>
        Train it
      </Title>
      <Group gap="xs" mb="xs">
        <NumberInput
          size="xs"
          w={110}
          aria-label="Seeds of this cell"
          prefix="Seeds: "
          min={1}
          max={100}
          clampBehavior="strict"
          allowDecimal={false}
          value={target}
          onChange={(value) => typeof value === 'number' && setAsked(value)}
        />
        {begun > 0 &&
          [1, 3].map((more) => (
            <Button key={more} variant="default" onClick={() => add(more)}>
              {some(more, 'more seed')}
            </Button>
          ))}
        <Button
          leftSection={<IconPlayerPlay size={15} />}
          disabled={!plan.data || !hasWork(plan.data)}
          onClick={() => void actions.start(wish)}
        >
          Queue
        </Button>
      </Group>
      {plan.data && <PlanView plan={plan.data} isQueuePaused={queue.data?.paused ?? false} />}
      {plan.isError && (
        <Text size="sm" c="red" role="alert">
          {plan.error.message}
        </Text>
      )}
    </section>
  );
}

function Runs({ answer, table, profile, actions }: PartProps) {
  const { runs } = answer;
  const idsOf = (which: (run: Answer['runs'][number]) => boolean) => runs.filter(which).map(({ id }) => id);
  const [active, unfinished] = [idsOf(isUnderWay), idsOf(isUnfinished)];
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
            <Table.Th>{answer.metric ?? 'Result'}</Table.Th>
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
                <Text inherit lineClamp={3} title={resultText(run)}>
                  {resultText(run)}
                </Text>
              </Table.Td>
              <Table.Td>
                <Anchor component={Link} to={`/runs/${run.id}`} inherit>
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
            Stop {some(active.length, 'run')}
          </Button>
        )}
        {unfinished.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconRepeat size={15} />}
            onClick={() => void actions.resume(unfinished)}
          >
            Resume {some(unfinished.length, 'run')}
          </Button>
        )}
        {active.length === 0 && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={15} />}
            disabled={answer.needs !== null}
            onClick={() => void actions.rerun(answer, { table, profile })}
          >
            Rerun
          </Button>
        )}
        {runs.length > 1 && (
          <LinkButton
            to="/compare"
            search={{ ids: idsOf(() => true).join(',') } as never}
            leftSection={<IconArrowsDiff size={15} />}
          >
            Compare
          </LinkButton>
        )}
      </Group>
    </section>
  );
}

function CopyCommand({
  cell,
  table,
  profile,
  seeds,
}: {
  cell: string;
  table: string;
  profile: Profile;
  seeds: number;
}) {
  const command = `npm run -s permafrost -- reproduce ${table} --cells ${quoted(cell)} --profile ${profile} --seeds ${seeds}`;
  return (
    <CopyButton value={command} timeout={2000}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          leftSection={copied ? <IconCheck size={15} /> : <IconTerminal2 size={15} />}
          title={command}
          onClick={copy}
        >
          {copied ? 'Copied' : 'Copy as command'}
        </Button>
      )}
    </CopyButton>
  );
}
