/** Texts of runs and tolerances. Pure. */
import { metricText, numberText, percentText, plural } from '#contract/format';
import { runStates } from '#contract/run';
import type { RunRow } from '#contract/runRow';
import type { CellResult } from '#contract/tableState';
import { isActive } from './requests.ts';

/** `within 0.02 of the published accuracy`. */
export const toleranceText = (tolerance: number, metric: CellResult['metric']): string =>
  `within ${numberText(tolerance, 3)} of the published ${metric === 'mae' ? 'error' : 'accuracy'}`;

/** The states of unfinished runs, each with its text: the number of runs, and the progress of running ones. */
export function activityOf(runs: readonly RunRow[]): { state: RunRow['state']; text: string }[] {
  return runStates.flatMap((state) => {
    const some = runs.filter((run) => run.state === state);
    if (state === 'finished' || some.length === 0) return [];
    const progress = state === 'running' ? ` ${percentText(shareOf(some))}` : '';
    return [{ state, text: `${some.length > 1 ? `${some.length} ` : ''}${state}${progress}` }];
  });
}

/** The mean progress of runs, from 0 to 1. */
export function shareOf(runs: readonly RunRow[]): number {
  const done = ({ state, step, totalSteps }: RunRow) =>
    state === 'finished' ? 1 : Math.min(1, step / Math.max(1, totalSteps));
  return runs.length === 0 ? 0 : runs.reduce((sum, run) => sum + done(run), 0) / runs.length;
}

/** The numbers of seeds in the cells of a table: `3`, or `3 to 5`. */
export function rangeOfSeeds(results: readonly CellResult[]): string {
  const counts = results.map(({ cell }) => cell.seeds);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** The result of a run, its progress, or the reason why it ended. */
export function resultText(run: RunRow, steps: CellResult['steps'] = null): string {
  const counted = steps?.runs.find(({ id }) => id === run.id);
  if (counted)
    return counted.step === null ? `not reached in ${plural(counted.of, 'step')}` : plural(counted.step, 'step');
  if (run.state === 'finished') return metricText(run.value, run.metric);
  if (isActive(run)) return percentText(shareOf([run]));
  return run.reason?.message ?? '';
}
