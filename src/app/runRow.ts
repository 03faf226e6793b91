/** The row of a run in the table of runs, from the store's summary. */
import type { RunRow } from '#contract/runRow';
import type { UnjudgedRunRow } from '#store/summary';
import { tasks } from '#tasks/index';

/** Adds the name of the metric, which says whether high or low is best. */
export function runRowOf({ low, high, ...summary }: UnjudgedRunRow): RunRow {
  const metric = Object.hasOwn(tasks, summary.task) ? tasks[summary.task].metric : null;
  return { ...summary, metric, best: metric === 'mae' ? low : high };
}
