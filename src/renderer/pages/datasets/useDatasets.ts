/** The data sets and their running pulls, kept up to date. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import type { PullProgress } from '#contract/data';
import { useTRPC } from '../../client/trpc.ts';
import { usePulls } from '../../components/usePulls.ts';

export function useDatasets() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const datasets = useQuery(trpc.data.list.queryOptions());
  const removed = useQuery(trpc.data.removed.queryOptions());
  const { pulls, onData } = usePulls<PullProgress>(
    () => void queries.invalidateQueries({ queryKey: trpc.data.pathKey() }),
  );
  useSubscription(trpc.data.pulls.subscriptionOptions(undefined, { onData }));
  return { datasets, removed: removed.data ?? [], pulls };
}
