/** Chooses the columns: those of runs, and every field of the config. */
import { Button, Checkbox, Group, Popover, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { useState } from 'react';
import { type Column, configColumns, runColumns } from '../../runs/columns.ts';

interface ColumnMenuProps {
  /** Ids of the visible columns. */
  shown: readonly string[];
  /** Null: the default columns. */
  onChange(ids: readonly string[] | null): void;
}

export function ColumnMenu({ shown, onChange }: ColumnMenuProps) {
  const [search, setSearch] = useState('');
  const toggle = (id: string) => onChange(shown.includes(id) ? shown.filter((other) => other !== id) : [...shown, id]);
  const list = (rows: readonly Column[]) =>
    rows
      .filter(({ id, label }) => `${id} ${label}`.toLowerCase().includes(search.toLowerCase()))
      .map(({ id, label, help }) => (
        <Checkbox
          key={id}
          size="xs"
          label={label}
          title={help}
          checked={shown.includes(id)}
          disabled={id === 'name'}
          onChange={() => toggle(id)}
        />
      ));
  return (
    <Popover width={260} position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={15} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <Group gap="xs" mb="xs" wrap="nowrap">
          <TextInput
            size="xs"
            flex={1}
            aria-label="Find a column"
            placeholder="Find a column"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Button variant="subtle" onClick={() => onChange(null)}>
            Reset
          </Button>
        </Group>
        <ScrollArea.Autosize mah={360} type="auto">
          <Stack gap={6} p={2}>
            {list(runColumns)}
            <Text size="xs" fw={600} c="dimmed" mt="xs">
              Config
            </Text>
            {list(configColumns)}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
