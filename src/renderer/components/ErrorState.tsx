/** Shows an error: what failed, its message, and a button to try again. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { toneColor } from '../theme.ts';

interface ErrorStateProps {
  title: string;
  error: unknown;
  onRetry?(): void;
  /** More buttons. */
  action?: ReactNode;
}

export function ErrorState({ title, error, onRetry, action }: ErrorStateProps) {
  return (
    <Alert
      color="red"
      variant="outline"
      icon={<IconAlertTriangle size={18} />}
      title={title}
      my="md"
      role="alert"
      style={{ borderColor: toneColor('bad') }} // dark colours make it white otherwise
    >
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
