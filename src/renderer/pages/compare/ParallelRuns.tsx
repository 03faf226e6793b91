/** Shows which settings lead to which results: an axis for every field that differs, a line per run or per config. */
import { Group, Select, Switch } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ConfigField } from '#contract/config';
import { configDiff } from '#contract/configDiff';
import { neutralFields } from '#contract/decisiveFields';
import { metricText } from '#contract/format';
import { groupRuns, type MetricColumn, metricColumns, sameGroup } from '#contract/groups';
import type { RunRow } from '#contract/runRow';
import { ParallelChart } from '../../chart/ParallelChart.tsx';
import { type Dimension, spansPowers } from '../../chart/parallel.ts';
import { columnsOf } from '../../runs/columns.ts';
import { groupTitle } from '../../runs/groups.ts';

const columns = columnsOf(metricColumns);
/** Fields with a log axis. */
const byRatio: ReadonlySet<ConfigField> = new Set(['learning_rate']);

interface ParallelRunsProps {
  /** All have the same metric. */
  rows: readonly RunRow[];
  /** Name of the results in the title. */
  results: string;
}

export function ParallelRuns({ rows, results }: ParallelRunsProps) {
  const { metric } = rows[0];
  const [column, setColumn] = useState<MetricColumn>('value');
  const [means, setMeans] = useState(false);
  const shown = useMemo(() => (means ? ofGroups(rows, column) : ofRuns(rows, column)), [rows, means, column]);
  if (shown.lines.length < 2 || shown.dimensions.length === 0) return null;
  const { label } = columns.find(({ id }) => id === column)!;
  const name = metric === 'mae' ? 'error' : 'accuracy';
  return (
    <ParallelChart
      title={`Settings and ${results}`}
      lines={shown.lines}
      dimensions={shown.dimensions}
      result={{
        label: `${label} ${name}`,
        values: shown.values,
        best: metric === 'mae' ? 'low' : 'high',
        text: (value) => metricText(value, metric),
      }}
    >
      <Group gap="sm" mr="xs">
        <Switch
          size="xs"
          label="A line per config"
          checked={means}
          onChange={(event) => setMeans(event.currentTarget.checked)}
        />
        <Select
          size="xs"
          w={120}
          aria-label="Result"
          allowDeselect={false}
          data={columns.map(({ id, label }) => ({ value: id, label }))}
          value={column}
          onChange={(value) => setColumn(value as MetricColumn)}
        />
      </Group>
    </ParallelChart>
  );
}

function ofRuns(rows: readonly RunRow[], column: MetricColumn) {
  return {
    lines: rows.map(({ id, name }) => ({ id, label: `${name} (${id})`, path: `/runs/${id}` })),
    dimensions: dimensionsOf(rows, neutralFields),
    values: rows.map((row) => row[column]),
  };
}

function ofGroups(rows: readonly RunRow[], column: MetricColumn) {
  const groups = groupRuns(rows);
  return {
    lines: groups.map((group) => ({
      id: group.key,
      label: `${groupTitle(group)} (n = ${group.rows.length})`,
      path: null,
    })),
    dimensions: dimensionsOf(
      groups.map((group) => group.rows[0]),
      sameGroup,
    ),
    values: groups.map(({ means }) => means[column]?.mean ?? null),
  };
}

/** The seed comes last of all settings. */
function dimensionsOf(rows: readonly RunRow[], without: ReadonlySet<ConfigField>): Dimension[] {
  return configDiff(rows)
    .filter(({ field }) => !without.has(field))
    .sort((a, b) => Number(a.field === 'seed') - Number(b.field === 'seed'))
    .map(({ field, label, values }) => ({ label, values, isLog: byRatio.has(field) || spansPowers(values) }));
}
