/** Something failed: what, in the words of the error, and what to do about it. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface ErrorStateProps {
  title: string;
  error: unknown;
  onRetry?(): void;
  /** Further ways on. */
  action?: ReactNode;
}

export function ErrorState({ title, error, onRetry, action }: ErrorStateProps) {
  return (
    <Alert color="red" variant="outline" icon={<IconAlertTriangle size={18} />} title={title} my="md" role="alert">
      <Stack gap="sm">
        <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
          {messageOf(error)}
        </Text>
        <Group gap="xs">
          {onRetry && (
            <Button variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          {action}
        </Group>
      </Stack>
    </Alert>
  );
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
