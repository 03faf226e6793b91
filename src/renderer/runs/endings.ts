/** Finds the runs and tables that have ended between two readings of the rows. Pure. */
import { metricText, plural } from '#contract/format';
import type { RunState } from '#contract/run';
import type { RunRow } from '#contract/runRow';

/** The text of a notification about a run or table that ended. */
export interface Ending {
  title: string;
  body: string;
  /** The page of the result. */
  link: { to: '/runs/$id'; params: { id: string } } | { to: '/tables'; search: { table: string } } | { to: '/' };
  isGood: boolean;
}

const active: readonly RunState[] = ['queued', 'running'];
const ended: readonly RunState[] = ['finished', 'failed', 'crashed'];

/** If more runs end at once, one sentence announces them all. */
const mostSingly = 2;

/**
 * The rows of the last reading, with later changes: new runs, and runs that became active.
 * A short run may start and end before the next reading.
 */
export function withSeen(before: readonly RunRow[], rows: readonly RunRow[]): RunRow[] {
  const seen = new Map(before.map((row) => [row.id, row]));
  for (const row of rows) if (!seen.has(row.id) || active.includes(row.state)) seen.set(row.id, row);
  return [...seen.values()];
}

/** The runs and tables that ended. A table ends with its last run; paused and stopped runs are not announced. */
export function endingsOf(before: readonly RunRow[], after: readonly RunRow[], tables: readonly string[]): Ending[] {
  const states = new Map(before.map(({ id, state }) => [id, state]));
  const news = after.filter(({ id, state }) => ended.includes(state) && active.includes(states.get(id) ?? state));
  const tableOf = ({ name }: RunRow) => tables.find((table) => name.startsWith(`${table}/`));
  const single = news.filter((row) => !tableOf(row));
  const concerned = [...new Set(news.flatMap((row) => tableOf(row) ?? []))];
  const done = concerned.filter((table) => !after.some((row) => tableOf(row) === table && active.includes(row.state)));
  return [
    ...(single.length > mostSingly ? [together(single)] : single.map(runEnding)),
    ...done.map((table) =>
      tableEnding(
        table,
        news.filter((row) => tableOf(row) === table),
      ),
    ),
  ];
}

function runEnding(row: RunRow): Ending {
  const { id, name, seed, state, value, metric, reason } = row;
  const result = value === null ? '' : `${metric === 'mae' ? 'error' : 'accuracy'} ${metricText(value, metric)}`;
  return {
    title: `${name} (seed ${seed}) ${state}`,
    body: state === 'finished' ? result : (reason?.message ?? ''),
    link: { to: '/runs/$id', params: { id } },
    isGood: state === 'finished',
  };
}

const together = (rows: readonly RunRow[]): Ending => ({
  title: `${plural(rows.length, 'run')} ended`,
  body: countsText(rows),
  link: { to: '/' },
  isGood: rows.every(({ state }) => state === 'finished'),
});

const tableEnding = (table: string, rows: readonly RunRow[]): Ending => ({
  title: `The runs of the table ${table} have ended`,
  body: `The last to end: ${countsText(rows)}`,
  link: { to: '/tables', search: { table } },
  isGood: rows.every(({ state }) => state === 'finished'),
});

const countsText = (rows: readonly RunRow[]): string =>
  ended
    .flatMap((state) => {
      const count = rows.filter((row) => row.state === state).length;
      return count > 0 ? [`${count} ${state}`] : [];
    })
    .join(', ');
