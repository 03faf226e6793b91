/** Tasks with their metric and its floor, and samples of the chosen one. */
import { Button, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { TaskInfo } from '#contract/catalogue';
import { type ConfigField, type ExperimentConfig, fieldMeta, parseConfig } from '#contract/config';
import { metricText } from '#contract/format';
import { useTRPC } from '../../client/trpc.ts';
import { messageOf } from '../../components/ErrorState.tsx';
import { Section } from '../../components/Section.tsx';
import { TermLink } from '../../help/TermLink.tsx';
import { PublishedOnFloor } from './PublishedOnFloor.tsx';
import { Samples } from './Samples.tsx';

interface TaskSectionProps {
  heading: string;
  tasks: readonly TaskInfo[];
  /** Whether samples can be drawn, and the text if they cannot. */
  canDraw: boolean;
  otherwise?: string;
}

export function TaskSection({ heading, tasks, canDraw, otherwise }: TaskSectionProps) {
  const settings = tasks.flatMap((task) => task.settings.map((setting) => settingOf(task, setting)));
  const [chosen, setChosen] = useState(0);
  const current = settings[chosen] ?? settings[0];
  return (
    <>
      <Section title={heading}>
        <Table fz="sm" verticalSpacing={4} aria-label={heading}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Task, as published</Table.Th>
              <Table.Th>Metric</Table.Th>
              <Table.Th ta="right">
                <TermLink term="floor">Floor</TermLink>
              </Table.Th>
              <Table.Th>Baseline</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {settings.map((setting, index) => (
              <SettingRow
                key={setting.title}
                setting={setting}
                isChosen={setting === current}
                onChoose={() => setChosen(index)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Section>
      <PublishedOnFloor tasks={tasks} />
      {canDraw && current ? (
        <Samples key={current.title} title={current.title} config={current.config} />
      ) : (
        <Text size="sm" c="dimmed">
          {otherwise}
        </Text>
      )}
    </>
  );
}

interface Setting {
  title: string;
  task: TaskInfo;
  config: ExperimentConfig;
}

/** A task with the values of a published run. */
function settingOf(task: TaskInfo, setting: Partial<ExperimentConfig>): Setting {
  const parts = Object.entries(setting).map(
    ([field, value]) =>
      `${fieldMeta(field as ConfigField).label.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())} ${value}`,
  );
  return { task, title: [task.title, ...parts].join(', '), config: parseConfig({ task: task.name, ...setting }) };
}

interface SettingRowProps {
  setting: Setting;
  isChosen: boolean;
  onChoose(): void;
}

const metrics = { accuracy: 'accuracy (higher is better)', mae: 'mean absolute error (lower is better)' };

function SettingRow({ setting: { title, task, config }, isChosen, onChoose }: SettingRowProps) {
  const trpc = useTRPC();
  const floor = useQuery(trpc.data.floor.queryOptions({ config }));
  return (
    <Table.Tr>
      <Table.Td>
        <Button
          size="compact-xs"
          variant={isChosen ? 'light' : 'default'}
          aria-pressed={isChosen}
          title={`Show samples of ${title}`}
          onClick={onChoose}
        >
          {title}
        </Button>
      </Table.Td>
      <Table.Td>{metrics[task.metric]}</Table.Td>
      <Table.Td ta="right">{floor.data ? metricText(floor.data.value, task.metric) : ''}</Table.Td>
      <Table.Td c={floor.data ? undefined : 'dimmed'}>
        {floor.isError && messageOf(floor.error)}
        {floor.isSuccess && (floor.data?.predictor ?? 'known once the data is decoded')}
      </Table.Td>
    </Table.Tr>
  );
}
