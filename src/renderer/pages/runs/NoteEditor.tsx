/** A button that opens the note of a run. */
import { Button, Popover } from '@mantine/core';
import { IconNote } from '@tabler/icons-react';
import type { RunRow } from '#contract/runRow';
import { NoteField } from '../../components/NoteField.tsx';

export function NoteEditor({ row: { id, note } }: { row: Pick<RunRow, 'id' | 'note'> }) {
  return (
    <Popover width={340} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconNote size={15} />}>
          Note
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <NoteField
          key={id}
          run={id}
          note={note}
          size="xs"
          data-autofocus
          aria-label="Note"
          placeholder="What to remember about this run"
        />
      </Popover.Dropdown>
    </Popover>
  );
}
