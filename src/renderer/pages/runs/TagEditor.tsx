/** Adds tags to runs and removes them. */
import { Button, Group, Pill, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconTag } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { RunRow } from '#contract/runRow';

interface TagEditorProps {
  rows: readonly Pick<RunRow, 'tags'>[];
  onChange(add: string[], remove: string[]): void;
}

export function TagEditor({ rows, onChange }: TagEditorProps) {
  const [text, setText] = useState('');
  const tags = [...new Set(rows.flatMap((row) => row.tags))].sort();
  const add = (event: FormEvent) => {
    event.preventDefault();
    const added = text
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean);
    if (added.length) onChange(added, []);
    setText('');
  };
  return (
    <Popover width={280} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTag size={15} />}>
          Tags
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <form onSubmit={add}>
            <Group gap="xs" wrap="nowrap">
              <TextInput
                size="xs"
                flex={1}
                aria-label="New tag"
                placeholder="sweep, baseline"
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Button type="submit" disabled={text.trim() === ''}>
                Add
              </Button>
            </Group>
          </form>
          {tags.length > 0 && (
            <Group gap={4}>
              {tags.map((tag) => (
                <Pill
                  key={tag}
                  withRemoveButton
                  removeButtonProps={{ 'aria-label': `Remove tag ${tag}`, 'aria-hidden': false, tabIndex: 0 }}
                  onRemove={() => onChange([], [tag])}
                >
                  {tag}
                </Pill>
              ))}
            </Group>
          )}
          {tags.length === 0 && (
            <Text size="xs" c="dimmed">
              No tags yet. Separate several with commas.
            </Text>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
