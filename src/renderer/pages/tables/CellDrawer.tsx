/** Everything about one cell: what was published, what answers it here, its runs, and what can be done. */
import { Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { IconBox, IconFlask2 } from '@tabler/icons-react';
import { cellOutlookText, knownText, publishedText, rangeText, settingText } from '#contract/answerText';
import { configFields, fieldMeta } from '#contract/config';
import { knownSettings } from '#contract/knownSettings';
import type { Answer, Profile } from '#contract/papers';
import type { PaperTable, Published } from '#contract/paperTable';
import { CopyCommand } from '../../components/CopyText.tsx';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { count, metricValue } from '../../components/format.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { quoted } from '../newRun/command.ts';
import { CellQueueing } from './CellQueueing.tsx';
import { CellRuns } from './CellRuns.tsx';
import type { TableActions } from './useTableActions.ts';
import { VerdictBadge, verdictMeaning } from './VerdictBadge.tsx';
import { some, toleranceText } from './words.ts';

interface CellDrawerProps {
  /** Null: no cell is open. */
  answer: Answer | null;
  table: PaperTable;
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
  const known = knownSettings(table.settings, cell);
  const facts: Fact[] = [
    ['Verdict', verdictMeaning(answer)],
    ['Tolerance', judgement.tolerance !== null && toleranceText(judgement.tolerance, metric)],
    [
      'Ours',
      judgement.mean !== null && `${metricValue(judgement.mean, metric)} mean of ${some(judgement.seeds, 'seed')}`,
    ],
    ['Averages', answer.averages !== null && `${some(answer.averages, 'test metric')}, since a run has no more`],
    ['Can be confirmed', answer.outlook && cellOutlookText(answer.outlook)],
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
        <CellQueueing answer={answer} table={table.id} profile={profile} seeds={seeds} actions={actions} />
      ) : (
        <Ways answer={answer} profile={profile} onProfile={onProfile} />
      )}
      {runs.length > 0 && <CellRuns answer={answer} table={table.id} profile={profile} actions={actions} />}
      <section>
        <Title order={2} mb={6}>
          Published
        </Title>
        {cell.published ? (
          <PublishedFacts published={cell.published} />
        ) : (
          <Text size="sm" c="dimmed">
            No published number is known for this cell.
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
          rows={configFields.flatMap((field): Fact[] => {
            const how = known.get(field);
            const value = how ? how.value : cell.params[field];
            if (value === undefined || (value === null && !(field in cell.params))) return [];
            const from = how ? `. ${knownText[how.known]}: ${how.from}.` : '';
            return [[fieldMeta(field).label, `${settingText(value)}${from}`]];
          })}
        />
        <Group gap="xs" mt="xs">
          <LinkButton to="/new" search={{ preset: cell.id } as never} leftSection={<IconFlask2 size={15} />}>
            Open as a new run
          </LinkButton>
          <CopyCommand
            command={`npm run -s permafrost -- reproduce ${table.id} --cells ${quoted(cell.id)} --profile ${profile} --seeds ${seeds}`}
          />
        </Group>
      </section>
    </Stack>
  );
}

function PublishedFacts({ published }: { published: Published }) {
  const { metric, values, iterations, wandb, trainable, total } = published;
  const parameters =
    trainable !== undefined && `${count(trainable)} trained${total === undefined ? '' : ` of ${count(total)}`}`;
  return (
    <Facts
      rows={[
        [metric === 'mae' ? 'Mean absolute error' : 'Accuracy', publishedText(published)],
        ['Runs', published.runs === null ? 'not said' : String(published.runs)],
        ['Each run', values?.join(', ')],
        ['Iterations', iterations?.map(count).join(', ')],
        ['Runs at W&B', wandb?.join(', ')],
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
