/** The config of a run, changed fields or all; and its deviations from the published protocol. */
import { Group, Stack, Switch, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { type ConfigField, configFields, type ExperimentConfig, fieldMeta } from '#contract/config';
import type { Deviation } from '#contract/run';
import { settingsOf } from '#contract/runRow';

const show = (value: unknown): string =>
  value === null
    ? 'none'
    : Array.isArray(value)
      ? value.join(', ')
      : typeof value === 'boolean'
        ? value
          ? 'on'
          : 'off'
        : String(value);

export function ConfigTable({ config }: { config: ExperimentConfig }) {
  const [all, setAll] = useState(false);
  const chosen = settingsOf(config);
  const fields = configFields.filter((field) => all || field in chosen);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {all ? 'All fields; bold ones differ from their default.' : 'Fields that differ from their default.'}
        </Text>
        <Switch size="xs" label="All fields" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      </Group>
      <Table aria-label="Config" fz="sm" verticalSpacing={3}>
        <Table.Tbody>
          {fields.map((field) => (
            <Table.Tr key={field} fw={all && field in chosen ? 600 : undefined}>
              <Table.Th scope="row" fw="inherit">
                {fieldMeta(field).label}
              </Table.Th>
              <Table.Td ff="monospace" fz="xs">
                {field}
              </Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {show(config[field])} {fieldMeta(field).unit && config[field] !== null ? fieldMeta(field).unit : ''}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** Null before the run has started. */
export function Deviations({ deviations }: { deviations: readonly Deviation[] | null }) {
  if (!deviations?.length)
    return (
      <Text size="sm" c="dimmed">
        {deviations ? 'No differences.' : 'Known when the run has started.'}
      </Text>
    );
  return (
    <Stack gap="xs">
      {deviations.map(({ field, text }) => (
        <Text key={field + text} size="sm">
          <Text span fw={600}>
            {field in configLabels ? configLabels[field] : field}
          </Text>{' '}
          {text}
        </Text>
      ))}
    </Stack>
  );
}

const configLabels: Record<string, string> = Object.fromEntries(
  configFields.map((field: ConfigField) => [field, fieldMeta(field).label]),
);
