/** Stands in for an empty list: says what belongs here and what to do next. */
import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  /** Buttons or links. */
  action?: ReactNode;
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <Stack align="center" gap="xs" py={64} px="md" maw={480} mx="auto" ta="center">
      <Text c="dimmed" component="div" aria-hidden>
        {icon}
      </Text>
      <Title order={2}>{title}</Title>
      {children && (
        <Text size="sm" c="dimmed" component="div">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
