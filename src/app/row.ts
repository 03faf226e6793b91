/** A run as the table of runs shows it, from the store's summary. */
import type { RunRow } from '#contract/runRow';
import type { UnjudgedRunRow } from '#store/summary';
import { tasks } from '#tasks/index';

/** A row with its metric's name, which says whether high or low is best. */
export function rowOf({ low, high, ...summary }: UnjudgedRunRow): RunRow {
  const metric = Object.hasOwn(tasks, summary.task) ? tasks[summary.task].metric : null;
  return { ...summary, metric, best: metric === 'mae' ? low : high };
}
