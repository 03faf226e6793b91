/** The state of a run as a dot and a word, so that it can be read without colour. */
import { Box, Group, Text } from '@mantine/core';
import type { RunState } from '#contract/run';
import type { Tone } from '#pictures/colors';
import { toneColor } from '../theme.ts';

const tones: Record<RunState, Tone> = {
  queued: 'waiting',
  running: 'busy',
  paused: 'warning',
  stopped: 'waiting',
  finished: 'good',
  failed: 'bad',
  crashed: 'bad',
};

interface StateBadgeProps {
  state: RunState;
  /** Replaces the word, for example with the progress. */
  text?: string;
}

export function StateBadge({ state, text = state }: StateBadgeProps) {
  const color = toneColor(tones[state]);
  const outline = state === 'queued' || state === 'stopped';
  return (
    <Group gap={6} wrap="nowrap" component="span">
      <Box
        component="span"
        w={8}
        h={8}
        style={{ flex: 'none', borderRadius: 4, border: `1.5px solid ${color}`, background: outline ? 'none' : color }}
      />
      <Text span inherit c={color} truncate>
        {text}
      </Text>
    </Group>
  );
}
