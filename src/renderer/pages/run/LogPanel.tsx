/** The log of a run, then the output of its process. Follows new lines unless the user has scrolled up. */
import { Box, ScrollArea, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { dateTimeText } from '#contract/format';
import type { LogLine } from '#contract/runRow';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { Loading } from '../../components/Loading.tsx';

const colors: Record<LogLine['level'], string | undefined> = { info: undefined, warn: 'orange', error: 'red' };

export function LogPanel({ id }: { id: string }) {
  const trpc = useTRPC();
  const log = useQuery(trpc.runs.log.queryOptions({ id }));
  const viewport = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const length = (log.data?.lines.length ?? 0) + (log.data?.printed.length ?? 0);
  useEffect(() => {
    if (length > 0 && follows.current) viewport.current?.scrollTo({ top: viewport.current.scrollHeight });
  }, [length]);

  if (log.isPending) return <Loading what="the log" />;
  if (log.isError)
    return <ErrorState title="The log cannot be read" error={log.error} onRetry={() => void log.refetch()} />;
  const { lines, printed } = log.data;
  if (lines.length === 0 && printed === '')
    return (
      <Text size="sm" c="dimmed">
        No lines yet. The first appear when the trainer has compiled the network.
      </Text>
    );
  return (
    <ScrollArea.Autosize
      mah={360}
      type="auto"
      viewportRef={viewport}
      viewportProps={{ tabIndex: 0, 'aria-label': 'Log' }}
      onScrollPositionChange={({ y }) => {
        const box = viewport.current;
        if (box) follows.current = y + box.clientHeight >= box.scrollHeight - 8;
      }}
    >
      <Box component="ol" m={0} p={0} ff="monospace" fz="xs" style={{ listStyle: 'none' }}>
        {lines.map(({ at, level, text }, i) => (
          // biome's key rule: lines have no id, and their order never changes
          <Box component="li" key={`${at} ${i.toString()}`} c={colors[level]} style={{ whiteSpace: 'pre-wrap' }}>
            <Text span inherit c="dimmed">
              {dateTimeText(at)}{' '}
            </Text>
            {level === 'info' ? '' : `${level}: `}
            {text}
          </Box>
        ))}
      </Box>
      {printed && (
        <Box mt="xs" fz="xs">
          <Text size="xs" c="dimmed">
            Output of the trainer process
          </Text>
          <Box component="pre" m={0} ff="monospace" style={{ whiteSpace: 'pre-wrap' }}>
            {printed}
          </Box>
        </Box>
      )}
    </ScrollArea.Autosize>
  );
}
