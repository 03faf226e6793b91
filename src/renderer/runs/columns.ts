/** The columns of the table of runs: what each shows, how it sorts and how wide it is. Pure. */
import { type ConfigField, configFields, fieldMeta } from '#contract/config';
import { countText, dateTimeText, durationText, metricText, percentText } from '#contract/format';
import { type MetricColumn, metricColumns } from '#contract/groups';
import { type RunRow, settingOf } from '#contract/runRow';
import type { FieldValue } from './filterFields.ts';
import { secondsLeft } from './secondsLeft.ts';

export interface Column {
  id: string;
  label: string;
  /** The full text, for the column menu and the tooltip of the head. */
  help: string;
  /** Least width in pixels, and the share of the remaining width. */
  width: readonly [least: number, share: number];
  numeric: boolean;
  /** The value to sort by; nulls come last. */
  value(row: RunRow): FieldValue;
  /** The text to show. */
  text(row: RunRow): string;
}

const metric = (id: MetricColumn, label: string, help: string): Column => ({
  id,
  label,
  help,
  width: [id === 'recent' ? 76 : 68, 0], // its label is the longest
  numeric: true,
  value: (row) => row[id],
  text: (row) => metricText(row[id], row.metric),
});
const plain = (
  id: 'name' | 'task' | 'model' | 'regime',
  label: string,
  width: Column['width'],
  help = label,
): Column => ({
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
  width: Column['width'],
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

export const runColumns: readonly Column[] = [
  plain('name', 'Name', [206, 2]),
  number('seed', 'Seed', [56, 0], 'Seed', (row) => row.seed, String),
  {
    id: 'state',
    label: 'State',
    help: 'State, with the progress of a running run',
    width: [90, 0],
    numeric: false,
    value: (row) => row.state,
    text: (row) => (row.state === 'running' ? percentText(row.step / Math.max(1, row.totalSteps)) : row.state),
  },
  plain('task', 'Task', [102, 1]),
  plain('model', 'Model', [128, 1], 'The body'),
  plain(
    'regime',
    'Regime',
    [62, 0],
    'FPT, FRT, URT or UPT: which parts of the body are trained and from which weights',
  ),
  metric('value', 'Final', 'Metric of the final evaluation: accuracy, or mean absolute error'),
  metric('best', 'Best', 'Best test metric: the highest accuracy or the lowest error'),
  metric('recent', 'Last 100', 'Mean of the last 100 test metrics'),
  metric('last', 'Last', 'Test metric of the last evaluation'),
  number('seconds', 'Duration', [96, 0], 'Training time without pauses', (row) => row.seconds || null, durationText),
  number(
    'left',
    'Time left',
    [96, 0],
    'Time left of a running run at its speed so far, without early stop',
    (row) => (row.state === 'running' ? secondsLeft(row) : null),
    durationText,
  ),
  {
    id: 'device',
    label: 'Device',
    help: 'Where the run computes',
    width: [76, 0],
    numeric: false,
    value: (row) => row.device,
    text: (row) => row.device?.replace(/ \(.*/, '') ?? '',
  },
  {
    id: 'tags',
    label: 'Tags',
    help: 'Tags',
    width: [110, 1],
    numeric: false,
    value: (row) => row.tags.join(' ') || null,
    text: (row) => row.tags.join(', '),
  },
  {
    id: 'note',
    label: 'Note',
    help: 'Note',
    width: [120, 1],
    numeric: false,
    value: (row) => row.note || null,
    text: (row) => row.note.split('\n')[0],
  },
  number('step', 'Steps', [88, 0], 'Optimizer steps done', (row) => row.step, countText),
  number('trainable', 'Trainable', [100, 0], 'Trained parameters', (row) => row.trainable, countText),
  number('total', 'Parameters', [110, 0], 'All parameters', (row) => row.total, countText),
  number('createdAt', 'Created', [132, 0], 'When the run was created', (row) => row.createdAt, dateTimeText),
  {
    id: 'id',
    label: 'Id',
    help: 'Id',
    width: [150, 0],
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
  ...['name', 'seed', 'state', 'task', 'model', 'regime', 'value', 'best', 'recent', 'seconds', 'tags'],
];

/** The columns of these ids, in the table's order; unknown ids are skipped. */
export const columnsOf = (ids: readonly string[]): Column[] =>
  [...runColumns, ...configColumns].filter((column) => ids.includes(column.id));

export const columnOf = (id: string): Column | undefined =>
  [...runColumns, ...configColumns].find((column) => column.id === id);

/** The columns of groups: wider, for an interval beside the mean, with the number of runs. */
export const groupColumns = (chosen: readonly Column[]): Column[] =>
  chosen.flatMap((column): Column[] => {
    if (column.id === 'name') return [column, runCount];
    if (column.id === 'seed') return []; // shown beside the name of each run of a group
    return [metricColumns.includes(column.id as MetricColumn) ? { ...column, width: [168, 0] } : column];
  });
const runCount = number('n', 'n', [52, 0], 'Runs of this config', () => null, countText);

function configColumn(field: ConfigField): Column {
  const { label, help } = fieldMeta(field);
  return {
    id: `config.${field}`,
    label,
    help,
    width: [110, 0],
    numeric: typeof settingOf({ settings: {} }, field) === 'number',
    value: (row) => settingOf(row, field),
    text: (row) => String(settingOf(row, field) ?? ''),
  };
}
