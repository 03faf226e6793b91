/** Lets the app check a draft shortly after the last change: errors by field, deviations, an estimate. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Estimate, GpuMemory } from '#contract/catalogue';
import { isWebgpu } from '#contract/config';
import type { Deviation } from '#contract/run';
import { useTRPC } from '../../client/trpc.ts';
import { configOfDraft, type Draft, type FieldErrors, reportErrors, schemaErrors } from './draft.ts';

export interface DraftCheck {
  fields: FieldErrors;
  /** Problems that belong to no field. */
  rest: string[];
  /** Null unless the app accepts the draft. */
  deviations: readonly Deviation[] | null;
  estimate: Estimate | null;
  /** Null while it is planned, and for runs that name no graphics card. */
  gpuMemory: GpuMemory | null;
  /** Whether the app accepts the draft. */
  isRunnable: boolean;
}

const pause = 150; // ms
/** Milliseconds between two estimates while the machine's speed is measured. */
const measuringPause = 1000;

export function useDraftCheck(draft: Draft): DraftCheck {
  const trpc = useTRPC();
  const [settled] = useDebouncedValue(draft, pause);
  const config = configOfDraft(settled);
  const asked = { enabled: config !== null, placeholderData: keepPreviousData, staleTime: 60_000, retry: false };
  const report = useQuery(trpc.config.open.queryOptions({ json: config }, asked)).data;
  const accepted = config !== null && report?.ok === true;
  const estimate = useQuery({
    ...trpc.config.estimate.queryOptions({ config: config! }, { ...asked, enabled: accepted }),
    refetchInterval: ({ state }) => (state.data?.isMeasuring ? measuringPause : false),
  });
  const isForGpu = accepted && isWebgpu(config.device);
  const gpuMemory = useQuery(
    trpc.config.gpuMemory.queryOptions({ config: config! }, { enabled: isForGpu, staleTime: 60_000, retry: false }),
  );
  const own = schemaErrors(draft);
  const isRunnable = accepted && Object.keys(own).length === 0;
  const app = reportErrors(config ? report : undefined);
  return {
    fields: { ...app.fields, ...own },
    rest: app.rest,
    deviations: isRunnable ? report.deviations : null,
    estimate: accepted && !estimate.isError ? (estimate.data ?? null) : null,
    gpuMemory: (isForGpu && gpuMemory.data) || null,
    isRunnable,
  };
}
