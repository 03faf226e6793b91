/** The zoo's models and downloads, kept up to date. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import type { DownloadProgress } from '#contract/zoo';
import { useTRPC } from '../../client/trpc.ts';
import { usePulls } from '../../components/usePulls.ts';

export function useZoo() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const models = useQuery(trpc.zoo.list.queryOptions());
  const removed = useQuery(trpc.zoo.removed.queryOptions());
  const warnings = useQuery(trpc.zoo.warnings.queryOptions());
  const { pulls, onData } = usePulls<DownloadProgress>(() => {
    void queries.invalidateQueries({ queryKey: trpc.zoo.pathKey() });
    void queries.invalidateQueries({ queryKey: trpc.config.catalogue.queryKey() }); // the catalogue says which weights are on this machine
  });
  useSubscription(trpc.zoo.pulls.subscriptionOptions(undefined, { onData }));
  return { models, removed: removed.data ?? [], warnings: warnings.data ?? [], pulls };
}
