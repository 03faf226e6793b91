/** A data set's state on this machine: a word, or a transfer with its buttons. */
import { Box, Button, Group, Text } from '@mantine/core';
import { IconDownload, IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import type { DatasetInfo, DatasetPull } from '#contract/data';
import { bytesText } from '#contract/format';
import type { Tone } from '#pictures/colors';
import { ActButton } from '../../components/ActButton.tsx';
import { toneColor } from '../../theme.ts';
import { PullProgressBar } from './PullProgressBar.tsx';
import type { DataActions } from './useDataActions.ts';

interface DatasetStateProps {
  dataset: DatasetInfo;
  pull: DatasetPull | undefined;
  actions: DataActions;
}

export function DatasetState({ dataset, pull, actions }: DatasetStateProps) {
  const { name, state } = dataset;
  if (pull?.state === 'running' || pull?.state === 'paused') {
    const isPaused = pull.state === 'paused';
    return (
      <Group gap={4} wrap="nowrap" align="flex-start">
        <Box flex={1} miw={140}>
          <PullProgressBar name={name} hasFiles={state === 'present'} progress={pull.progress} isPaused={isPaused} />
        </Box>
        {isPaused ? (
          <ActButton label={`Go on with ${name}`} icon={IconPlayerPlay} onClick={() => actions.pull(name)} />
        ) : (
          <ActButton label={`Pause ${name}`} icon={IconPlayerPause} onClick={() => actions.pause(name)} />
        )}
        <ActButton label={`Cancel ${name}`} icon={IconX} onClick={() => actions.cancel(name)} />
      </Group>
    );
  }
  const { text, tone } = wordOf(dataset, pull);
  const ask = askOf(dataset);
  return (
    <Group gap="xs" wrap="nowrap">
      {ask && (
        <Button
          variant="default"
          leftSection={state !== 'present' && <IconDownload size={14} />}
          aria-label={`${ask}: ${name}`}
          onClick={() => void actions.pull(name)}
        >
          {ask}
        </Button>
      )}
      {(state !== 'absent' || pull?.state === 'failed') && (
        <Text size="sm" c={toneColor(tone)}>
          {text}
        </Text>
      )}
    </Group>
  );
}

/** The label of the button that prepares it for a run; null when a run can start at once. */
function askOf({ state, files, downloadBytes }: DatasetInfo): string | null {
  if (state === 'ready') return null;
  if (state === 'present') return files.length === 0 ? 'Make' : 'Decode';
  return downloadBytes ? `Fetch ${bytesText(downloadBytes)}` : 'Fetch';
}

function wordOf(
  { state, place, diskBytes, files, notes }: DatasetInfo,
  pull?: DatasetPull,
): { text: string; tone: Tone } {
  if (pull?.state === 'failed') return { text: pull.error?.code === 'data' ? 'broken' : 'failed', tone: 'bad' };
  if (state === 'partial') return { text: 'some files are missing', tone: 'warning' };
  if (state === 'present')
    return files.length === 0
      ? { text: 'made by the first run', tone: 'waiting' }
      : { text: 'here, not decoded yet', tone: 'good' };
  if (notes.length > 0) return { text: 'decoded, not the official files', tone: 'warning' };
  return { text: place === 'bundled' ? 'comes with Permafrost' : `decoded, ${bytesText(diskBytes)}`, tone: 'good' };
}
