/** The zoo's models and fetches, kept live. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRef, useState } from 'react';
import type { PullState } from '#contract/zoo';
import { useTRPC } from '../../client/trpc.ts';

/** While one fetch goes on nothing but its bytes changes; anything else may have changed the list. */
const signature = (pulls: readonly PullState[]): string => pulls.map(({ name, state }) => `${name} ${state}`).join();

export function useZoo() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const models = useQuery(trpc.zoo.list.queryOptions());
  const removed = useQuery(trpc.zoo.removed.queryOptions());
  const [pulls, setPulls] = useState<readonly PullState[]>([]);
  const last = useRef<string | null>(null);
  useSubscription(
    trpc.zoo.pulls.subscriptionOptions(undefined, {
      onData(now) {
        setPulls(now);
        const next = signature(now);
        const onlyBytes = next === last.current && now.some(({ state }) => state === 'running');
        if (last.current !== null && !onlyBytes) {
          void queries.invalidateQueries({ queryKey: trpc.zoo.pathKey() });
          void queries.invalidateQueries({ queryKey: trpc.config.catalogue.queryKey() }); // says whose weights are here
        }
        last.current = next;
      },
    }),
  );
  return { models, removed: removed.data ?? [], pulls };
}
