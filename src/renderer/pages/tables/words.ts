/** What plans, runs and tolerances say in words. Pure. */
import { digits } from '#contract/answerText';
import type { Plan, TableState } from '#contract/papers';
import { runStates } from '#contract/run';
import type { MetricName, RunRow } from '#contract/runRow';
import { metricValue, percent } from '../../components/format.ts';
import { isUnderWay } from './wishes.ts';

export const some = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** `within 0.02 of the published accuracy`. */
export const toleranceText = (tolerance: number, metric: MetricName | null): string =>
  `within ${digits(tolerance, 3)} of the published ${metric === 'mae' ? 'error' : 'accuracy'}`;

/** What the tolerance allows, wherever its verdicts are shown. */
export const allowedText = ({ accuracy, mae }: TableState['tolerance']): string =>
  `accuracy within ${digits(100 * accuracy)} points, errors within ${digits(100 * mae)} %`;

/** States that are not finished, each with what it is called and how far it is. */
export function activityOf(runs: readonly RunRow[]): { state: RunRow['state']; text: string }[] {
  return runStates.flatMap((state) => {
    const some = runs.filter((run) => run.state === state);
    if (state === 'finished' || some.length === 0) return [];
    const far = state === 'running' ? ` ${percent(shareOf(some))}` : '';
    return [{ state, text: `${some.length > 1 ? `${some.length} ` : ''}${state}${far}` }];
  });
}

/** How much of some runs is done, from 0 to 1. */
export function shareOf(runs: readonly RunRow[]): number {
  const done = ({ state, step, totalSteps }: RunRow) =>
    state === 'finished' ? 1 : Math.min(1, step / Math.max(1, totalSteps));
  return runs.length === 0 ? 0 : runs.reduce((sum, run) => sum + done(run), 0) / runs.length;
}

/** What a run came to, or where it is. */
export function resultText(run: RunRow): string {
  if (run.state === 'finished') return metricValue(run.value, run.metric);
  if (isUnderWay(run)) return percent(shareOf([run]));
  return run.reason?.message ?? '';
}

/** `3 runs finished already, 2 go on, 4 start`. */
export function planText({ finished, resumed, started }: Plan): string {
  const parts = [
    finished ? `${some(finished, 'run')} finished already` : '',
    resumed ? `${some(resumed, 'run')} ${resumed === 1 ? 'goes' : 'go'} on` : '',
    started ? `${some(started, 'run')} ${started === 1 ? 'starts' : 'start'}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}
