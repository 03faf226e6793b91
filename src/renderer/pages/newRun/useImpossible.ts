/** What the app says about drafts beside the present one: which cannot be trained, and why. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Catalogue } from '#contract/catalogue';
import type { LauncherName } from '#contract/cluster';
import type { ConfigField } from '#contract/config';
import { useTRPC } from '../../client/trpc.ts';
import { brokenChoices, changesOf, choicesOf } from './choices.ts';
import type { Draft } from './draft.ts';
import { mostRuns } from './grid.ts';

const pause = 150; // ms
const options = { staleTime: 60_000, retry: false } as const;
const none: Record<string, string> = {};

export interface FormState {
  draft: Draft;
  catalogue: Catalogue;
  edited: readonly ConfigField[];
  isRunnable: boolean;
  launcher: LauncherName;
}

/** The choices that the form cannot follow, with the reason of each. While the form itself is wrong, only those that this machine cannot. */
export function useImpossibleChoices({
  draft,
  catalogue,
  edited,
  isRunnable,
  launcher,
}: FormState): Readonly<Record<string, string>> {
  const [latest] = useDebouncedValue(draft, pause);
  const changes = useMemo(() => changesOf(latest, choicesOf(latest, catalogue, edited)), [latest, catalogue, edited]);
  const asked = { ...options, enabled: isRunnable, placeholderData: keepPreviousData };
  const problems = useQuery(useTRPC().config.problems.queryOptions({ settings: latest, changes }, asked));
  const broken = useBrokenChoices(launcher, latest.device);
  const wrong = (isRunnable && problems.data) || none;
  return useMemo(() => ({ ...wrong, ...broken }), [wrong, broken]);
}

/** The devices, and the precision on a device, that do not work on this machine, as choices with the reason of each. The nodes of a cluster may differ. */
function useBrokenChoices(launcher: LauncherName, chosen: unknown): Readonly<Record<string, string>> {
  const devices = useQuery({
    ...useTRPC().devices.list.queryOptions(),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: launcher === 'local',
  });
  return useMemo(
    () => (launcher === 'local' && devices.data ? brokenChoices(devices.data, chosen) : none),
    [devices.data, launcher, chosen],
  );
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
