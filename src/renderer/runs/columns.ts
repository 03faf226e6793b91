/** The columns of the table of runs: what each shows, how it sorts and how wide it is. Pure. */
import { type ConfigField, configFields, fieldMeta } from '#contract/config';
import type { RunRow } from '#contract/runRow';
import { count, dateTime, duration, metricValue, percent } from '../components/format.ts';
import { settingOf, type Value } from './filterFields.ts';

/** Columns that a group of runs averages. */
export const metricColumns = ['value', 'best', 'recent', 'last'] as const;
export type MetricColumn = (typeof metricColumns)[number];

export interface Column {
  id: string;
  label: string;
  /** In full, for the choice of columns and the head's tooltip. */
  help: string;
  /** CSS width in a grid. */
  width: string;
  numeric: boolean;
  /** What it sorts by; nulls come last. */
  value(row: RunRow): Value;
  /** What it shows; empty for nothing. */
  text(row: RunRow): string;
}

const metric = (id: MetricColumn, label: string, help: string): Column => ({
  id,
  label,
  help,
  width: '104px',
  numeric: true,
  value: (row) => row[id],
  text: (row) => metricValue(row[id], row.metric),
});
const plain = (id: 'name' | 'task' | 'model' | 'regime', label: string, width: string, help = label): Column => ({
  id,
  label,
  help,
  width,
  numeric: false,
  value: (row) => row[id],
  text: (row) => row[id],
});
const number = (
  id: string,
  label: string,
  width: string,
  help: string,
  value: (row: RunRow) => number | null,
  text: (value: number) => string,
): Column => ({
  id,
  label,
  help,
  width,
  numeric: true,
  value,
  text: (row) => {
    const found = value(row);
    return found === null ? '' : text(found);
  },
});

export const columns: readonly Column[] = [
  plain('name', 'Name', 'minmax(180px, 2fr)'),
  {
    id: 'state',
    label: 'State',
    help: 'State, and how far a running run is',
    width: '118px',
    numeric: false,
    value: (row) => row.state,
    text: (row) => (row.state === 'running' ? percent(row.step / Math.max(1, row.totalSteps)) : row.state),
  },
  plain('task', 'Task', 'minmax(110px, 1fr)'),
  plain('model', 'Model', 'minmax(90px, 1fr)', 'The body'),
  plain('regime', 'Regime', '76px', 'FPT, FRT, URT or UPT: what of the body is trained and where it starts'),
  metric('value', 'Final', 'Metric of the final evaluation: accuracy, or mean absolute error'),
  metric('best', 'Best', 'Best test metric: the highest accuracy or the lowest error'),
  metric('recent', 'Last 100', 'Mean of the last 100 test metrics'),
  metric('last', 'Last', 'Test metric of the last evaluation'),
  number('seed', 'Seed', '64px', 'Seed', (row) => row.seed, String),
  number('seconds', 'Duration', '90px', 'Time under way, pauses left out', (row) => row.seconds || null, duration),
  {
    id: 'device',
    label: 'Device',
    help: 'Where it computes',
    width: 'minmax(100px, 1fr)',
    numeric: false,
    value: (row) => row.device,
    text: (row) => row.device ?? '',
  },
  {
    id: 'tags',
    label: 'Tags',
    help: 'Tags',
    width: 'minmax(80px, 1fr)',
    numeric: false,
    value: (row) => row.tags.join(' ') || null,
    text: (row) => row.tags.join(', '),
  },
  {
    id: 'note',
    label: 'Note',
    help: 'Note',
    width: 'minmax(120px, 1fr)',
    numeric: false,
    value: (row) => row.note || null,
    text: (row) => row.note.split('\n')[0],
  },
  number('step', 'Steps', '88px', 'Optimizer steps done', (row) => row.step, count),
  number('trainable', 'Trainable', '100px', 'Trained parameters', (row) => row.trainable, count),
  number('total', 'Parameters', '110px', 'All parameters', (row) => row.total, count),
  number('createdAt', 'Made', '132px', 'When it was made', (row) => row.createdAt, dateTime),
  {
    id: 'id',
    label: 'Id',
    help: 'Id',
    width: '150px',
    numeric: false,
    value: (row) => row.id,
    text: (row) => row.id,
  },
];

const shownElsewhere = new Set(['name', 'task', 'model_name', 'seed']);
/** Fields of the config, as columns too. */
export const configColumns: readonly Column[] = configFields
  .filter((field) => !shownElsewhere.has(field))
  .map((field) => configColumn(field));

export const defaultColumns: readonly string[] = [
  ...['name', 'state', 'task', 'model', 'regime', 'value', 'best', 'recent', 'last', 'seconds', 'device', 'tags'],
];

/** The columns of these ids, in the table's order; ids that are no more are left out. */
export const columnsOf = (ids: readonly string[]): Column[] =>
  [...columns, ...configColumns].filter((column) => ids.includes(column.id));

export const columnOf = (id: string): Column | undefined =>
  [...columns, ...configColumns].find((column) => column.id === id);

function configColumn(field: ConfigField): Column {
  const { label, help } = fieldMeta(field);
  return {
    id: `config.${field}`,
    label,
    help,
    width: '110px',
    numeric: typeof settingOf({ settings: {} }, field) === 'number',
    value: (row) => settingOf(row, field),
    text: (row) => String(settingOf(row, field) ?? ''),
  };
}
