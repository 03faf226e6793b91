/** Texts of runs and tolerances. Pure. */
import { metricText, numberText, percentText } from '#contract/format';
import { runStates } from '#contract/run';
import type { MetricName, RunRow } from '#contract/runRow';
import type { TableState } from '#contract/tableState';
import { isUnderWay } from './requests.ts';

/** `within 0.02 of the published accuracy`. */
export const toleranceText = (tolerance: number, metric: MetricName | null): string =>
  `within ${numberText(tolerance, 3)} of the published ${metric === 'mae' ? 'error' : 'accuracy'}`;

/** The tolerance, shown beside its verdicts. */
export const allowedText = ({ accuracy, mae }: TableState['tolerance']): string =>
  `accuracy within ${numberText(100 * accuracy)} points, errors within ${numberText(100 * mae)} %`;

/** Unfinished states with their text and progress. */
export function activityOf(runs: readonly RunRow[]): { state: RunRow['state']; text: string }[] {
  return runStates.flatMap((state) => {
    const some = runs.filter((run) => run.state === state);
    if (state === 'finished' || some.length === 0) return [];
    const far = state === 'running' ? ` ${percentText(shareOf(some))}` : '';
    return [{ state, text: `${some.length > 1 ? `${some.length} ` : ''}${state}${far}` }];
  });
}

/** The share of some runs that is done, from 0 to 1. */
export function shareOf(runs: readonly RunRow[]): number {
  const done = ({ state, step, totalSteps }: RunRow) =>
    state === 'finished' ? 1 : Math.min(1, step / Math.max(1, totalSteps));
  return runs.length === 0 ? 0 : runs.reduce((sum, run) => sum + done(run), 0) / runs.length;
}

/** The result of a run, its progress, or why it ended. */
export function resultText(run: RunRow): string {
  if (run.state === 'finished') return metricText(run.value, run.metric);
  if (isUnderWay(run)) return percentText(shareOf([run]));
  return run.reason?.message ?? '';
}
