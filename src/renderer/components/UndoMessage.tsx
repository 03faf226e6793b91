/** What was done, and the way back. */
import { Button, Group, Text } from '@mantine/core';

export function UndoMessage({ text, onUndo }: { text: string; onUndo?(): void }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <Text size="sm">{text}</Text>
      {onUndo && (
        <Button variant="subtle" size="compact-xs" flex="none" onClick={onUndo}>
          Undo
        </Button>
      )}
    </Group>
  );
}
