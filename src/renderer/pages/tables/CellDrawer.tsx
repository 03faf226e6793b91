/** One cell in full: its published number, our result, and its runs with buttons to train, stop and repeat them. */
import { Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { IconBox, IconFlask2 } from '@tabler/icons-react';
import { configFields, fieldMeta } from '#contract/config';
import { countText, metricText, plural } from '#contract/format';
import { knownSettings } from '#contract/knownSettings';
import type { PaperTable, Published } from '#contract/paperTable';
import type { CellResult, Profile } from '#contract/tableState';
import {
  bestText,
  cellOutlookText,
  knownText,
  publishedText,
  rangeText,
  settingText,
  thresholdText,
  unreachedText,
} from '#contract/tableText';
import { CopyCommand } from '../../components/CopyText.tsx';
import { type Fact, Facts } from '../../components/Facts.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { quoted } from '../newRun/command.ts';
import { CellQueueing } from './CellQueueing.tsx';
import { CellRuns } from './CellRuns.tsx';
import { seedsOf, type WantedSeeds } from './requests.ts';
import type { TableActions } from './useTableActions.ts';
import { VerdictBadge, verdictMeaning } from './VerdictBadge.tsx';
import { toleranceText } from './words.ts';

interface CellDrawerProps {
  /** Null: no cell is open. */
  result: CellResult | null;
  table: PaperTable;
  profile: Profile;
  seeds: WantedSeeds;
  actions: TableActions;
  onProfile(profile: Profile): void;
  onClose(): void;
}

export function CellDrawer({ result, onClose, ...rest }: CellDrawerProps) {
  return (
    <Drawer
      opened={result !== null}
      onClose={onClose}
      position="right"
      size={520}
      title={result && `${result.cell.row} · ${result.cell.column}`}
      closeButtonProps={{ 'aria-label': 'Close the cell' }}
      transitionProps={{ duration: 0 }}
    >
      {result && <CellDetails key={result.cell.id} result={result} {...rest} />}
    </Drawer>
  );
}

function CellDetails({
  result,
  table,
  profile,
  seeds,
  actions,
  onProfile,
}: Omit<CellDrawerProps, 'onClose'> & { result: CellResult }) {
  const { cell, needs, notes, floor, onFloor, metric, runs, judgement } = result;
  const known = knownSettings(table.settings, cell);
  const facts: Fact[] = [
    ['Verdict', verdictMeaning(result)],
    ['Tolerance', judgement.tolerance !== null && toleranceText(judgement.tolerance, metric)],
    [
      'Ours',
      judgement.mean !== null && `${metricText(judgement.mean, metric)} mean of ${plural(judgement.seeds, 'seed')}`,
    ],
    [
      'Averages',
      result.averages !== null && `the last ${plural(result.averages, 'test metric')}: a run has fewer than 100`,
    ],
    ['Can be confirmed', result.outlook && cellOutlookText(result.outlook)],
    ['Counts', thresholdText(result)],
    ['Not reached', unreachedText(result)],
    ['Best', bestText(result)],
    ['95 % interval', judgement.seeds > 1 && rangeText(judgement)],
    [
      'Floor',
      floor &&
        `${metricText(floor.value, metric)} (${floor.predictor})${onFloor ? '; the published number is no better' : ''}`,
    ],
    ['Not run', needs],
    ['Quick', notes.join('; ')],
  ];
  return (
    <Stack gap="md">
      <Group gap="sm">
        <VerdictBadge result={result} />
        <Text size="xs" c="dimmed" ff="monospace">
          {cell.id}
        </Text>
      </Group>
      <Facts rows={facts} />
      {needs === null ? (
        <CellQueueing result={result} table={table.id} profile={profile} seeds={seeds} actions={actions} />
      ) : (
        <Remedies result={result} profile={profile} onProfile={onProfile} />
      )}
      {runs.length > 0 && <CellRuns result={result} table={table.id} profile={profile} actions={actions} />}
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
            Also reported
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
            if (cell.bestOf.length > 0 && cell.swept.includes(field)) return [];
            const how = known.get(field);
            const value = how ? how.value : cell.params[field];
            if (value === undefined || (value === null && !(field in cell.params))) return [];
            const from = how ? `. ${knownText[how.known]}: ${how.from}.` : '';
            return [[fieldMeta(field).label, `${settingText(value)}${from}`]];
          })}
        />
        <Group gap="xs" mt="xs">
          <LinkButton to="/new" search={{ preset: cell.id }} leftSection={<IconFlask2 size={15} />}>
            Open as a new run
          </LinkButton>
          <CopyCommand
            command={`npm run -s permafrost -- reproduce ${table.id} --cells ${quoted(cell.id)} --profile ${profile} --seeds ${seedsOf(result, seeds)}`}
          />
        </Group>
      </section>
    </Stack>
  );
}

const publishedTitle = { accuracy: 'Accuracy', mae: 'Mean absolute error', steps: 'Steps' };

function PublishedFacts({ published }: { published: Published }) {
  const { metric, values, iterations, wandb, trainable, total } = published;
  const parameters =
    trainable !== undefined && `${countText(trainable)} trained${total === undefined ? '' : ` of ${countText(total)}`}`;
  return (
    <Facts
      rows={[
        [publishedTitle[metric], publishedText(published)],
        ['Runs', published.runs === null ? 'not stated' : String(published.runs)],
        ['Each run', values?.join(', ')],
        ['Iterations', iterations?.map(countText).join(', ')],
        ['Runs at W&B', wandb?.join(', ')],
        ['Parameters', parameters],
        ['Source', published.source],
        [
          'Certainty',
          published.certainty === 'read' ? 'read in the source itself' : 'second-hand: quoted by another text',
        ],
        ['Note', published.note],
      ]}
    />
  );
}

/** Buttons that help with a cell that cannot run here. */
function Remedies({
  result: { cell },
  profile,
  onProfile,
}: Pick<CellDrawerProps, 'profile' | 'onProfile'> & { result: CellResult }) {
  if (cell.beyond !== null) return null;
  return (
    <Group gap="xs">
      {profile === 'quick' && (
        <Button variant="default" onClick={() => onProfile('paper')}>
          Show it as published
        </Button>
      )}
      {profile === 'paper' && cell.params.model_name && (
        <LinkButton to="/zoo" search={{ model: cell.params.model_name }} leftSection={<IconBox size={15} />}>
          {cell.params.model_name} in the zoo
        </LinkButton>
      )}
    </Group>
  );
}
