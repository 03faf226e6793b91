/** The data sets and what is being pulled of them, kept live. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useRef, useState } from 'react';
import type { DatasetPull } from '#contract/data';
import { useTRPC } from '../../client/trpc.ts';

/** While one pull goes on nothing but its progress changes; anything else may have changed the list. */
const signature = (pulls: readonly DatasetPull[]): string => pulls.map(({ name, state }) => `${name} ${state}`).join();

export function useDatasets() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const datasets = useQuery(trpc.data.list.queryOptions());
  const [pulls, setPulls] = useState<readonly DatasetPull[]>([]);
  const last = useRef<string | null>(null);
  useSubscription(
    trpc.data.pulls.subscriptionOptions(undefined, {
      onData(now) {
        setPulls(now);
        const next = signature(now);
        const onlyProgress = next === last.current && now.some(({ state }) => state === 'running');
        if (last.current !== null && !onlyProgress) void queries.invalidateQueries({ queryKey: trpc.data.pathKey() });
        last.current = next;
      },
    }),
  );
  return { datasets, pulls };
}
