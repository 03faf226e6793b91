/** The head of a page: its title, a line about it, and its buttons. */
import { Box, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PageHeaderProps {
  title: string;
  about?: ReactNode;
  children?: ReactNode;
}

export function PageHeader({ title, about, children }: PageHeaderProps) {
  return (
    <Group justify="space-between" align="center" mb="sm" gap="sm">
      <Group gap="sm" align="baseline" miw={0}>
        <Title order={1} lineClamp={3} title={title} style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {about && (
          <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
            {about}
          </Text>
        )}
      </Group>
      <Box>{children}</Box>
    </Group>
  );
}
