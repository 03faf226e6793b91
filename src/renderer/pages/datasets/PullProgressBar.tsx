/** The progress of a pull: files download one by one, then the data set is decoded. */
import { Box, Progress, Stack, Text } from '@mantine/core';
import type { PullProgress } from '#contract/data';
import { countText } from '#contract/format';
import { TransferProgress } from '../../components/TransferProgress.tsx';

interface PullProgressBarProps {
  name: string;
  /** Nothing is left to fetch. */
  hasFiles: boolean;
  /** Null before the first bytes. */
  progress: PullProgress | null;
  isPaused: boolean;
}

export function PullProgressBar({ name, hasFiles, progress, isPaused }: PullProgressBarProps) {
  if (hasFiles && !progress)
    return (
      <Text size="sm" c="dimmed">
        {isPaused ? 'stopped' : 'decoding …'}
      </Text>
    );
  if (progress?.stage !== 'decode')
    return (
      <Box>
        <TransferProgress label={`Fetching ${name}`} progress={progress} isPaused={isPaused} />
        {progress && (
          <Text size="xs" c="dimmed" truncate>
            {progress.file}
          </Text>
        )}
      </Box>
    );
  const { done, total, unit } = progress;
  return (
    <Stack gap={3} miw={0}>
      <Progress.Root size="sm" aria-hidden={false}>
        <Progress.Section
          value={total ? (100 * done) / total : 0}
          aria-label={`Decoding ${name}`}
          color={isPaused ? 'gray' : undefined}
          animated={!isPaused}
        />
      </Progress.Root>
      <Text size="xs" c="dimmed">
        {isPaused ? 'stopped' : 'decoding'}, {countText(done)}
        {total === null ? '' : ` of ${countText(total)}`} {unit}
      </Text>
    </Stack>
  );
}
