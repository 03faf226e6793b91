/** A device: what it is, whether it works here, and a remedy if it does not. */
import { Box, Code, Group, Paper, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { type DeviceInfo, mixedWorks } from '#contract/devices';
import { CopyText } from '../../components/CopyText.tsx';
import { toneColor } from '../../theme.ts';

/** The card of one device. */
export function DeviceCard({
  device: { name, about, available, why, help, command, detail, mixed },
}: {
  device: DeviceInfo;
}) {
  const Icon = available ? IconCircleCheck : IconCircleX;
  const color = toneColor(available ? 'good' : 'waiting');
  return (
    <Paper withBorder p="sm">
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Box component="span" c={color} lh={0} mt={1} aria-hidden>
          <Icon size={18} />
        </Box>
        <Box miw={0}>
          <Group gap={6}>
            <Title order={3}>{name}</Title>
            <Text size="sm" c={color}>
              {available ? 'works' : 'does not work here'}
            </Text>
          </Group>
          <Text size="xs" c="dimmed">
            {about}
          </Text>
          {mixed && (
            <Text size="sm" mt={6}>
              {mixed.why ?? mixedWorks}
            </Text>
          )}
          {why && (
            <Text size="sm" mt={6}>
              {why}
            </Text>
          )}
          {help && (
            <Text size="sm" mt={6}>
              {help}
            </Text>
          )}
          {command && (
            <Group gap="xs" mt={6} wrap="nowrap">
              <Code style={{ overflowWrap: 'anywhere' }}>{command}</Code>
              <Box flex="none">
                <CopyText size="compact-xs" text={command}>
                  Copy
                </CopyText>
              </Box>
            </Group>
          )}
          {detail && (
            <Text component="details" size="xs" c="dimmed" mt={6} style={{ overflowWrap: 'anywhere' }}>
              <summary>Message of the runtime</summary>
              {detail}
            </Text>
          )}
        </Box>
      </Group>
    </Paper>
  );
}
