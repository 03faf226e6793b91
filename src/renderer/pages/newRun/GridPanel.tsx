/** The grid: fields with several values, and a preview of the resulting runs. */
import { ActionIcon, Alert, Button, Group, ScrollArea, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { type ConfigField, fieldMeta } from '#contract/config';
import { type Draft, schemaErrors } from './draft.ts';
import { axisHint, axisProblem, type GridAxis, gridFields, mostRuns } from './grid.ts';

/** Most runs in the preview. */
const previewed = 50;

interface GridPanelProps {
  axes: readonly GridAxis[];
  drafts: readonly Draft[];
  /** Why runs cannot be trained, by their number from 0. */
  problems: Readonly<Record<string, string>>;
  onChange(axes: GridAxis[]): void;
}

export function GridPanel({ axes, drafts, problems, onChange }: GridPanelProps) {
  const free = gridFields.filter((field) => !axes.some((axis) => axis.field === field));
  const set = (i: number, axis: GridAxis) => onChange(axes.map((old, j) => (j === i ? axis : old)));
  const add = () => {
    const field = free.includes('seed') ? 'seed' : free[0];
    onChange([...axes, { field, text: field === 'seed' ? '0..2' : '' }]);
  };
  return (
    <Stack gap="xs">
      {axes.map((axis, i) => (
        <Group key={axis.field} gap="xs" wrap="nowrap" align="flex-start">
          <Select
            aria-label={`Field ${i + 1} of the grid`}
            w={220}
            searchable
            data={[axis.field, ...free].map((field) => ({ value: field, label: fieldMeta(field).label }))}
            value={axis.field}
            onChange={(field) => field && set(i, { field: field as ConfigField, text: '' })}
            allowDeselect={false}
          />
          <TextInput
            aria-label={`Values of ${fieldMeta(axis.field).label}`}
            flex={1}
            placeholder={axisHint(axis.field)}
            value={axis.text}
            error={axisProblem(axis)}
            onChange={(event) => set(i, { ...axis, text: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label={`Remove ${fieldMeta(axis.field).label} from the grid`}
            onClick={() => onChange(axes.filter((_, j) => j !== i))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button variant="default" leftSection={<IconPlus size={14} />} onClick={add} disabled={!free.length}>
          {axes.length ? 'Vary another field' : 'Vary a field'}
        </Button>
        {axes.length === 0 && (
          <Text size="xs" c="dimmed">
            A grid starts a run for every combination of values. Several seeds give a mean with its interval.
          </Text>
        )}
      </Group>
      {drafts.length > mostRuns && (
        <Alert color="red" title={`More than ${mostRuns} runs`}>
          Give the fields fewer values; a grid makes at most {mostRuns} runs at once.
        </Alert>
      )}
      {axes.length > 0 && drafts.length <= mostRuns && <Preview axes={axes} drafts={drafts} problems={problems} />}
    </Stack>
  );
}

function Preview({ axes, drafts, problems }: Omit<GridPanelProps, 'onChange'>) {
  const bodies = new Set(drafts.map(({ model_name }) => model_name));
  const fields = [
    ...new Set([...axes.map(({ field }) => field), ...(bodies.size > 1 ? (['model_name'] as const) : [])]),
  ];
  const show = (value: unknown) => (Array.isArray(value) ? value.join(', ') : value === null ? 'none' : String(value));
  return (
    <ScrollArea.Autosize mah={240} type="auto" viewportProps={{ tabIndex: 0 }}>
      <Table aria-label="Runs of the grid" fz="xs" verticalSpacing={3} withTableBorder stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Run</Table.Th>
            {fields.map((field) => (
              <Table.Th key={field}>{fieldMeta(field).label}</Table.Th>
            ))}
            <Table.Th>Problem</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {drafts.slice(0, previewed).map((draft, i) => (
            <Table.Tr key={axes.map(({ field }) => JSON.stringify(draft[field])).join()}>
              <Table.Td>{i + 1}</Table.Td>
              {fields.map((field) => (
                <Table.Td key={field}>{show(draft[field])}</Table.Td>
              ))}
              <Table.Td c="red">{Object.values(schemaErrors(draft))[0] ?? problems[i]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {drafts.length > previewed && (
        <Text size="xs" c="dimmed" mt={4}>
          and {drafts.length - previewed} more
        </Text>
      )}
    </ScrollArea.Autosize>
  );
}
