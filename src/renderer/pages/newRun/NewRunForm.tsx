/** The form of a new run, filled from a draft. */
import { Alert, Box, Button, Card, FileButton, Grid, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconDownload, IconPlayerPlay, IconUpload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { Catalogue } from '#contract/catalogue';
import { type ConfigField, type ExperimentConfig, fieldMeta } from '#contract/config';
import { useTRPC } from '../../client/trpc.ts';
import { CopyCommand } from '../../components/CopyText.tsx';
import { Section } from '../../components/Section.tsx';
import { useWhereToRun, WhereToRun } from '../../components/WhereToRun.tsx';
import { ConfigInput, type ConfigInputProps } from './ConfigInput.tsx';
import { choiceOf } from './choices.ts';
import { bodyNote, choose, choosePreset, keptByRegime } from './choose.ts';
import { gridCommand } from './command.ts';
import { controlOf, fieldsOf, formGroups } from './controls.ts';
import { configOfDraft, type Draft } from './draft.ts';
import { EstimatePanel } from './EstimatePanel.tsx';
import { readJsonFile, saveConfig } from './files.ts';
import { GridPanel } from './GridPanel.tsx';
import { expandGrid, type GridAxis, mostRuns } from './grid.ts';
import { idleReason, shownFields } from './idle.ts';
import { MissingFiles } from './MissingFiles.tsx';
import { NetworkPicture } from './NetworkPicture.tsx';
import { blockCount, networkParts } from './network.ts';
import { PresetMenu } from './PresetMenu.tsx';
import { type DraftCheck, useDraftCheck } from './useDraftCheck.ts';
import { useGridProblems, useImpossibleChoices } from './useImpossible.ts';

export interface NewRunFormProps {
  catalogue: Catalogue;
  draft: Draft;
  onDraft(update: (old: Draft) => Draft): void;
  /** Fields that the user has edited; choosing a task does not change them. */
  edited: readonly ConfigField[];
  onEdited(fields: ConfigField[]): void;
  /** Called with the ids of the new runs. */
  onCreated(ids: string[]): void;
}

/** The last config that filled the whole form, and the draft before it. */
interface Filled {
  from: string;
  note: string | null;
  before: Draft;
}

export function NewRunForm({ catalogue, draft, onDraft, edited, onEdited, onCreated }: NewRunFormProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [axes, setAxes] = useState<GridAxis[]>([]);
  const [filled, setFilled] = useState<Filled | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [badFile, setBadFile] = useState<{ name: string; problems: string[] } | null>(null);
  const check = useDraftCheck(draft);
  const where = useWhereToRun();
  const create = useMutation(trpc.runs.create.mutationOptions({ onSuccess: onCreated }));

  const task = catalogue.tasks.find(({ name }) => name === draft.task);
  const drafts = useMemo(() => expandGrid(draft, axes, catalogue, edited), [draft, axes, catalogue, edited]);
  const configs = drafts.length <= mostRuns ? drafts.map(configOfDraft) : [];
  const impossible = useImpossibleChoices({
    ...{ draft, catalogue, edited },
    isRunnable: check.isRunnable,
    launcher: where.launcher,
  });
  const gridProblems = useGridProblems(drafts);
  const broken = brokenFields(drafts, impossible);
  const errors = { ...broken, ...check.fields };
  const ready =
    check.isRunnable &&
    Object.keys(broken).length === 0 &&
    configs.length > 0 &&
    configs.every((config) => config !== null) &&
    gridProblems !== undefined &&
    Object.keys(gridProblems).length === 0;
  const latest = useRef(draft);
  latest.current = draft;
  const set = useCallback(
    (field: ConfigField, value: unknown) => {
      const next = choose(latest.current, field, value, catalogue, edited);
      onDraft((old) => choose(old, field, value, catalogue, edited));
      setNote(field === 'model_name' ? null : bodyNote(latest.current, next, edited));
      if (field !== 'task' && !edited.includes(field)) onEdited([...edited, field]);
    },
    [onDraft, catalogue, edited, onEdited],
  );
  const fill = (next: Draft, from: string, missing: string | null, kept: ConfigField[]) => {
    setFilled({ from, note: missing, before: draft });
    setBadFile(null);
    setNote(null);
    onEdited(kept);
    onDraft(() => next);
  };

  const open = async (file: File | null) => {
    if (!file) return;
    const read = await readJsonFile(file);
    if ('problem' in read) return setBadFile({ name: file.name, problems: [read.problem] });
    const report = await queryClient.fetchQuery(trpc.config.open.queryOptions({ json: read.json }));
    if (report.ok) fill(report.config, file.name, null, ['model_name']);
    else setBadFile({ name: file.name, problems: report.errors.map(({ message }) => message) });
  };

  const choices = useMemo(
    (): Partial<Record<ConfigField, ConfigInputProps['choices']>> => ({
      task: catalogue.tasks.map(({ name, title }) => ({ value: name, label: title })),
      model_name: catalogue.bodies.map(({ name, layers, width, hasWeights }) => ({
        value: name,
        label: name,
        note: `${layers} × ${width}${hasWeights ? ' · weights on this machine' : ''}`,
      })),
    }),
    [catalogue],
  );
  const isSelected = (field: ConfigField): boolean => controlOf(field).kind === 'choice' || field in choices;
  /** Why a switch cannot be turned. */
  const stuckReason = (field: ConfigField): string | undefined =>
    controlOf(field).kind === 'switch' ? impossible[choiceOf(field, draft[field] !== true)] : undefined;

  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Stack gap="md">
          <Card withBorder>
            <PresetMenu
              presets={catalogue.presets}
              draft={draft}
              problemOf={({ id }) => impossible[choiceOf('regime', id)]}
              onPick={(preset) =>
                fill(
                  choosePreset(draft, preset, edited),
                  preset.title,
                  preset.missing && `Here it ${preset.missing}.`,
                  preset.whole ? ['model_name'] : keptByRegime(preset, edited),
                )
              }
            />
            {filled && (
              <Alert mt="sm" color={filled.note ? 'yellow' : 'blue'} title={`Filled from ${filled.from}`}>
                <Group justify="space-between">
                  <Text size="sm">{filled.note ?? 'Change anything before you start it.'}</Text>
                  <Button
                    variant="default"
                    onClick={() => {
                      onDraft(() => filled.before);
                      setFilled(null);
                    }}
                  >
                    Undo
                  </Button>
                </Group>
              </Alert>
            )}
            {badFile && (
              <Alert
                mt="sm"
                color="red"
                title={`${badFile.name} was not opened; the form is as it was`}
                withCloseButton
                closeButtonLabel="Dismiss"
                onClose={() => setBadFile(null)}
              >
                {badFile.problems.map((problem) => (
                  <Text key={problem} size="sm">
                    {problem}
                  </Text>
                ))}
              </Alert>
            )}
          </Card>
          {formGroups.map(({ group, title }) => {
            const { shown, notes } = shownFields(fieldsOf(group, task?.fields ?? []), draft);
            return (
              <Card withBorder key={group} component="section" aria-label={title}>
                <Title order={2} mb="sm">
                  {title}
                </Title>
                {group === 'freezing' && check.estimate && (
                  <Box mb="md">
                    <NetworkPicture
                      parts={networkParts(check.estimate.groups)}
                      blocks={blockCount(check.estimate.groups)}
                      body={String(draft.model_name)}
                      bodyFrozen={draft.freeze_trans === true}
                      onToggle={(flag) => set(flag, draft[flag] !== true)}
                    />
                  </Box>
                )}
                <SimpleGrid cols={{ base: 1, sm: 2 }} verticalSpacing="sm">
                  {shown.map((field) => (
                    <ConfigInput
                      key={field}
                      field={field}
                      value={draft[field]}
                      error={errors[field]}
                      deviation={deviationOf(check.deviations, field)}
                      idle={idleReason(field, draft) ?? stuckReason(field)}
                      impossible={isSelected(field) ? impossible : undefined}
                      choices={choices[field]}
                      onChange={set}
                    />
                  ))}
                </SimpleGrid>
                {group === 'model' && note && (
                  <Text size="sm" mt="sm" role="status">
                    {note}
                  </Text>
                )}
                {notes.map((note) => (
                  <Text key={note} size="xs" c="dimmed" mt="sm">
                    {note}
                  </Text>
                ))}
              </Card>
            );
          })}
          <Section title="Grid">
            <GridPanel axes={axes} drafts={drafts} problems={gridProblems ?? {}} onChange={setAxes} />
          </Section>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Stack gap="md" pos="sticky" top={16}>
          <Section title="Before you start">
            <EstimatePanel
              estimate={check.estimate}
              gpuMemory={check.gpuMemory}
              runs={configs.length}
              why="An estimate appears here when the config is valid."
            />
            <MissingFiles draft={draft} catalogue={catalogue} onRandomWeights={() => set('pretrained', false)} />
            {[...check.rest, ...(create.isError ? [create.error.message] : [])].map((problem) => (
              <Alert key={problem} color="red" mt="sm" title="This config cannot run">
                {problem}
              </Alert>
            ))}
            <ErrorList fields={errors} />
            <WhereToRun {...where} />
            <Button
              fullWidth
              mt="md"
              leftSection={<IconPlayerPlay size={16} />}
              disabled={!ready}
              loading={create.isPending}
              onClick={() =>
                create.mutate({
                  configs: configs as ExperimentConfig[],
                  tags: configs.length > 1 ? ['sweep'] : [],
                  launcher: where.launcher,
                })
              }
            >
              {configs.length > 1 ? `Start ${configs.length} runs` : 'Start run'}
            </Button>
            <Group mt="sm" gap="xs" grow preventGrowOverflow={false}>
              <FileButton accept=".json,application/json" onChange={(file) => void open(file)} resetRef={undefined}>
                {(props) => (
                  <Button {...props} variant="default" size="xs" leftSection={<IconUpload size={14} />}>
                    Import
                  </Button>
                )}
              </FileButton>
              <Button
                variant="default"
                size="xs"
                leftSection={<IconDownload size={14} />}
                disabled={!check.isRunnable}
                onClick={() => saveConfig(configOfDraft(draft)!)}
              >
                Export
              </Button>
              <CopyCommand command={ready ? gridCommand(configs as ExperimentConfig[], axes, where.launcher) : ''} />
            </Group>
          </Section>
          <Section title="Differs from the published protocol">
            {!check.deviations?.length ? (
              <Text size="sm" c="dimmed">
                {check.deviations ? 'No differences.' : 'Known when the config is valid.'}
              </Text>
            ) : (
              <Stack gap="xs">
                {check.deviations.map(({ field, text }) => (
                  <Text key={field + text} size="sm">
                    <Text span fw={600}>
                      {fieldMeta(field as ConfigField)?.label ?? field}
                    </Text>{' '}
                    {text}
                  </Text>
                ))}
              </Stack>
            )}
          </Section>
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

/** The fields with a value that this machine cannot follow, and why. */
const brokenFields = (
  drafts: readonly Draft[],
  impossible: Readonly<Record<string, string>>,
): Partial<Record<ConfigField, string>> =>
  Object.fromEntries(
    (['device', 'precision'] as const).flatMap((field) => {
      const why = drafts.map((draft) => impossible[choiceOf(field, draft[field])]).find(Boolean);
      return why ? [[field, why]] : [];
    }),
  );

const deviationOf = (deviations: DraftCheck['deviations'], field: ConfigField): string | undefined =>
  deviations
    ?.filter((deviation) => deviation.field === field)
    .map(({ text }) => text)
    .join(' ') || undefined;

function ErrorList({ fields }: { fields: Partial<Record<ConfigField, string>> }) {
  const wrong = Object.keys(fields) as ConfigField[];
  if (wrong.length === 0) return null;
  return (
    <Text size="sm" c="red" mt="sm" role="status">
      Fix these fields: {wrong.map((field) => fieldMeta(field).label).join(', ')}.
    </Text>
  );
}
