/** A model's state on this machine: a word, or a download with its buttons. */
import { Box, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconDownload, IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import { bytesText } from '#contract/format';
import type { PullState, ZooModel } from '#contract/zoo';
import { ActButton } from '../../components/ActButton.tsx';
import { TransferProgress } from '../../components/TransferProgress.tsx';
import { toneColor } from '../../theme.ts';
import type { ZooActions } from './useZooActions.ts';

interface ModelStateProps {
  model: ZooModel;
  pull: PullState | undefined;
  actions: ZooActions;
}

export function ModelState({ model, pull, actions }: ModelStateProps) {
  const { name, state } = model;
  if (state === 'here')
    return (
      <Text size="sm" c={toneColor('good')}>
        {model.origin === 'embedded' ? 'comes with Permafrost' : `here, ${bytesText(model.diskBytes)}`}
      </Text>
    );
  const isRunning = pull?.state === 'running';
  if (isRunning || pull?.state === 'paused' || state === 'partial')
    return (
      <Group gap={4} wrap="nowrap" align="flex-start">
        <Box flex={1} miw={120}>
          <TransferProgress
            label={`Fetching ${name}`}
            progress={pull?.progress ?? interrupted(model)}
            isPaused={!isRunning}
          />
        </Box>
        {isRunning ? (
          <ActButton label={`Pause ${name}`} icon={IconPlayerPause} onClick={() => actions.pause(name)} />
        ) : (
          <ActButton label={`Resume ${name}`} icon={IconPlayerPlay} onClick={() => actions.pull(name)} />
        )}
        <ActButton label={`Cancel ${name}`} icon={IconX} onClick={() => actions.cancel(name)} />
      </Group>
    );
  if (model.origin === 'added' && model.downloadBytes === null && model.source.startsWith('/'))
    return <Text size="sm">folder not found</Text>;
  const ask = model.downloadBytes === null ? 'Fetch' : `Fetch ${bytesText(model.downloadBytes)}`;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        variant="default"
        leftSection={<IconDownload size={14} />}
        aria-label={`${ask}: ${name}`}
        onClick={() => void actions.pull(name)}
      >
        {ask}
      </Button>
      {pull?.state === 'failed' && (
        <Tooltip label={pull.error?.message} events={{ hover: true, focus: true, touch: true }}>
          <Text size="sm" c={toneColor('bad')} tabIndex={0}>
            failed
          </Text>
        </Tooltip>
      )}
    </Group>
  );
}

/** An unfinished download of an earlier session, shown as paused. */
const interrupted = ({ diskBytes, downloadBytes }: ZooModel) => ({
  bytes: diskBytes,
  total: downloadBytes,
  bytesPerSecond: null,
  secondsLeft: null,
});
