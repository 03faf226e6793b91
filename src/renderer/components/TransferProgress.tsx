/** The progress of a transfer: bytes, speed, time left. */
import { Progress, Stack, Text } from '@mantine/core';
import { receivedText, transferText } from '#contract/format';
import type { DownloadProgress } from '#contract/zoo';

interface TransferProgressProps {
  /** Name of the transfer, for screen readers. */
  label: string;
  /** Null before the first bytes. */
  progress: DownloadProgress | null;
  isPaused?: boolean;
}

export function TransferProgress({ label, progress, isPaused = false }: TransferProgressProps) {
  const share = progress?.total ? (100 * progress.bytes) / progress.total : 0;
  return (
    <Stack gap={3} miw={0}>
      <Progress.Root size="sm" aria-hidden={false}>
        <Progress.Section
          value={share}
          aria-label={label}
          color={isPaused ? 'gray' : undefined}
          animated={!isPaused && progress !== null}
        />
      </Progress.Root>
      <Text size="xs" c="dimmed">
        {stateText(progress, isPaused)}
      </Text>
    </Stack>
  );
}

function stateText(progress: DownloadProgress | null, isPaused: boolean): string {
  if (!progress) return isPaused ? 'paused' : 'connecting …';
  return isPaused ? `paused at ${receivedText(progress)}` : transferText(progress);
}
