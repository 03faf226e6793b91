/** Makes the row of a run in the runs table from the store's summary. */
import type { RunRow } from '#contract/runRow';
import type { UnjudgedRunRow } from '#store/summary';
import { tasks } from '#tasks/index';

/** Adds the metric, which determines whether the highest or the lowest value is the best. */
export function runRowOf({ low, high, ...summary }: UnjudgedRunRow): RunRow {
  const metric = Object.hasOwn(tasks, summary.task) ? tasks[summary.task].metric : null;
  return { ...summary, metric, best: metric === 'mae' ? low : high };
}
