/** The curves of several runs in one chart: one curve per run, or the mean of each config with its 95 % interval. */
import { Group, Select, Switch } from '@mantine/core';
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { groupRuns } from '#contract/groups';
import { type MetricKey, metricKeys, restingStates } from '#contract/run';
import type { Curve, MetricName, RunRow } from '#contract/runRow';
import { lineColor, lineColors } from '#pictures/colors';
import { meanCurve } from '#pictures/meanCurve';
import { LineChart } from '../../chart/LineChart.tsx';
import type { ChartRange, Series } from '../../chart/series.ts';
import { useTRPC } from '../../client/trpc.ts';
import { ErrorState } from '../../components/ErrorState.tsx';
import { groupLabels, runLabels } from '../../runs/groups.ts';

const labels: Record<MetricKey, string> = {
  test_metric: 'Test metric',
  test_loss: 'Test loss',
  train_loss: 'Training loss',
  train_metric: 'Training metric',
  grad_norm: 'Gradient norm',
};

/** Points of each curve; a chart has no room for more. */
const points = 1000;
/** Milliseconds between two readings of a running run. */
const pace = 2000;

interface OverlayChartProps {
  rows: readonly RunRow[];
  /** Added to the title, unless empty. */
  part: string;
}

/** Shows means at first if there are more runs than colours, and seeds to average over. */
export function OverlayChart({ rows, part }: OverlayChartProps) {
  const trpc = useTRPC();
  const [key, setKey] = useState<MetricKey>('test_metric');
  const [means, setMeans] = useState(() => rows.length > lineColors.length && groupRuns(rows).length < rows.length);
  const [logScale, setLogScale] = useState(false);
  const [range, setRange] = useState<ChartRange | null>(null);
  const stretch = range ? { from: Math.max(0, Math.floor(range[0])), to: Math.max(0, Math.ceil(range[1])) } : {};
  const curves = useQueries({
    queries: rows.map(({ id, state }) => ({
      ...trpc.runs.curve.queryOptions({ id, key, points, ...stretch }),
      placeholderData: keepPreviousData<Curve>,
      refetchInterval: restingStates.includes(state) ? (false as const) : pace,
    })),
  });
  const failed = curves.find(({ isError }) => isError);
  if (failed)
    return (
      <ErrorState
        title="A curve could not be read"
        error={failed.error}
        onRetry={() => void Promise.all(curves.map((curve) => curve.refetch()))}
      />
    );
  const single = singleSeries(
    rows,
    curves.map(({ data }) => data),
  );
  return (
    <LineChart
      title={part ? `${labels[key]}, ${part}` : labels[key]}
      series={means ? meanSeries(rows, single, key) : single}
      xLabel="step"
      yLabel={labels[key].toLowerCase()}
      logScale={logScale}
      range={range}
      onZoom={setRange}
      height={360}
    >
      <Group gap="sm" mr="xs">
        <Switch
          size="xs"
          label="Group means"
          checked={means}
          onChange={(event) => setMeans(event.currentTarget.checked)}
        />
        <Switch
          size="xs"
          label="Log axis"
          checked={logScale}
          onChange={(event) => setLogScale(event.currentTarget.checked)}
        />
        <Select
          size="xs"
          w={150}
          aria-label="Curve"
          allowDeselect={false}
          data={metricKeys.map((value) => ({ value, label: labels[value] }))}
          value={key}
          onChange={(value) => setKey(value as MetricKey)}
        />
      </Group>
    </LineChart>
  );
}

function singleSeries(rows: readonly RunRow[], curves: readonly (Curve | undefined)[]): Series[] {
  const names = runLabels(rows);
  return rows.map((row, i) => ({
    id: row.id,
    label: names[i],
    color: lineColor(i),
    points: (curves[i]?.points ?? []).map(({ step, value }) => ({ x: step, y: value })),
    total: curves[i]?.of,
  }));
}

function meanSeries(rows: readonly RunRow[], single: readonly Series[], key: MetricKey): Series[] {
  const groups = groupRuns(rows);
  const names = groupLabels(groups);
  const pointsOf = new Map(single.map((series) => [series.id, series.points]));
  return groups.map((group, i) => ({
    id: group.key,
    label: `${names[i]} (n = ${group.rows.length})`,
    color: lineColor(i),
    ...meanCurve(
      group.rows.map(({ id }) => pointsOf.get(id) ?? []),
      rangeOf(key, group.rows[0]),
    ),
  }));
}

/** The metric whose bounds a curve's values have; losses and norms are above 0, like errors. */
const rangeOf = (key: MetricKey, { metric }: RunRow): MetricName | null => (key.endsWith('metric') ? metric : 'mae');
