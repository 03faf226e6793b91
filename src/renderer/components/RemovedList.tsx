/** Items removed in this session, each with a button that restores it. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { bytesText } from '#contract/format';
import type { Removed } from '#contract/zoo';

interface RemovedListProps {
  removed: readonly Removed[];
  onRestore(name: string): void;
}

export function RemovedList({ removed, onRestore }: RemovedListProps) {
  if (removed.length === 0) return null;
  return (
    <Alert color="ice" variant="light" title="Removed; Permafrost deletes them when it exits" py="xs">
      {removed.map(({ name, bytes: size }) => (
        <Group key={name} gap="xs">
          <Text size="sm">
            {name}, {bytesText(size)}
          </Text>
          <Button variant="subtle" size="compact-xs" aria-label={`Restore ${name}`} onClick={() => onRestore(name)}>
            Restore
          </Button>
        </Group>
      ))}
    </Alert>
  );
}
