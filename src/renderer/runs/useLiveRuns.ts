/** Keeps the cached rows of runs, and queries that depend on them, up to date with the store. Used once, by the frame. */
import { useThrottledCallback } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRef } from 'react';
import { useTRPC } from '../client/trpc.ts';
import { patchRows } from './patchRows.ts';

/** Milliseconds between two readings of a table, which is judged again each time. */
const tablePause = 1000;

/** Whether the connection stands. */
export function useLiveRuns(): boolean {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const started = useRef(false);
  const readTables = useThrottledCallback(
    () => void queries.invalidateQueries({ queryKey: trpc.tables.state.queryKey() }),
    tablePause,
  );
  const { status } = useSubscription(
    trpc.runs.changes.subscriptionOptions(undefined, {
      onStarted() {
        // no message holds the changes before the subscription
        if (started.current) void queries.invalidateQueries();
        started.current = true;
      },
      onData({ changed, gone }) {
        queries.setQueryData(trpc.runs.list.queryKey(), (rows) => rows && patchRows(rows, changed, gone));
        void queries.invalidateQueries({ queryKey: trpc.queue.get.queryKey() });
        readTables();
      },
    }),
  );
  return !(started.current && (status === 'connecting' || status === 'error'));
}
