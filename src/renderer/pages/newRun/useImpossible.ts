/** What the app says about drafts beside the present one: which cannot be trained, and why. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Catalogue } from '#contract/catalogue';
import type { ConfigField } from '#contract/config';
import { useTRPC } from '../../client/trpc.ts';
import { changesOf, choicesOf } from './choices.ts';
import type { Draft } from './draft.ts';
import { mostRuns } from './grid.ts';

const pause = 150; // ms
const options = { staleTime: 60_000, retry: false } as const;
const none: Record<string, string> = {};

/** The choices that the form cannot follow, with the reason of each. All can be followed while the form itself is wrong. */
export function useImpossibleChoices(
  draft: Draft,
  catalogue: Catalogue,
  edited: readonly ConfigField[],
  isRunnable: boolean,
): Readonly<Record<string, string>> {
  const [latest] = useDebouncedValue(draft, pause);
  const changes = useMemo(() => changesOf(latest, choicesOf(latest, catalogue, edited)), [latest, catalogue, edited]);
  const asked = { ...options, enabled: isRunnable, placeholderData: keepPreviousData };
  const problems = useQuery(useTRPC().config.problems.queryOptions({ settings: latest, changes }, asked));
  return (isRunnable && problems.data) || none;
}

/** The problems of the runs of a grid by their number from 0; undefined until the app has answered. */
export function useGridProblems(drafts: readonly Draft[]): Readonly<Record<string, string>> | undefined {
  const [latest] = useDebouncedValue(drafts, pause);
  const isGrid = latest.length > 1 && latest.length <= mostRuns;
  const [base] = latest;
  const changes = isGrid ? changesOf(base, Object.fromEntries(latest.entries())) : {};
  const problems = useQuery(
    useTRPC().config.problems.queryOptions({ settings: base, changes }, { ...options, enabled: isGrid }),
  );
  return isGrid ? problems.data : none;
}
