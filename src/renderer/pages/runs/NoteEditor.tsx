/** The note of a run, kept when it is asked to be. */
import { Button, Group, Popover, Textarea } from '@mantine/core';
import { IconNote } from '@tabler/icons-react';
import { useState } from 'react';
import type { RunRow } from '#contract/runRow';

interface NoteEditorProps {
  row: Pick<RunRow, 'note'>;
  onChange(text: string): Promise<void>;
}

export function NoteEditor({ row, onChange }: NoteEditorProps) {
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState(row.note);
  const toggle = (open: boolean) => {
    setText(row.note);
    setOpened(open);
  };
  return (
    <Popover width={340} position="bottom-start" shadow="md" trapFocus opened={opened} onChange={toggle}>
      <Popover.Target>
        <Button variant="default" leftSection={<IconNote size={15} />} onClick={() => toggle(!opened)}>
          Note
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Textarea
          size="xs"
          rows={4}
          resize="vertical"
          data-autofocus
          aria-label="Note"
          placeholder="What to remember about this run"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="xs" gap="xs">
          <Button variant="default" onClick={() => toggle(false)}>
            Cancel
          </Button>
          <Button disabled={text === row.note} onClick={() => void onChange(text).then(() => setOpened(false))}>
            Keep note
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
