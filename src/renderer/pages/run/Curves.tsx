/** The curves of a run: loss, metric and gradient norm over steps, samples or time. */
import { Card, Group, SegmentedControl, SimpleGrid, Slider, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { ExperimentConfig } from '#contract/config';
import type { MetricKey } from '#contract/run';
import type { MetricName } from '#contract/runRow';
import type { CurveRange } from '#contract/runServices';
import { lineColor } from '#pictures/colors';
import { LineChart } from '../../chart/LineChart.tsx';
import type { ChartRange, Reference } from '../../chart/series.ts';
import { useTRPC, useTRPCClient } from '../../client/trpc.ts';
import { axisOf, type XAxis, xAxes } from './axis.ts';
import { everyPoint } from './everyPoint.ts';
import type { CurveFeed } from './feed.ts';
import { type Line, seriesOf } from './series.ts';

const train = lineColor(0);
const test = lineColor(1);

interface ChartRow {
  title: string;
  yLabel: string;
  lines: readonly Line[];
  canLog: boolean;
  /** Whether the published number belongs to this curve. */
  compared: boolean;
}

const charts = (metric: MetricName): ChartRow[] => [
  {
    title: 'Loss',
    yLabel: 'loss',
    lines: [
      { key: 'train_loss', label: 'train', color: train },
      { key: 'test_loss', label: 'test', color: test },
    ],
    canLog: true,
    compared: false,
  },
  {
    title: metric === 'mae' ? 'Mean absolute error' : 'Accuracy',
    yLabel: metric === 'mae' ? 'mean absolute error' : 'accuracy',
    lines: [
      { key: 'train_metric', label: 'train', color: train },
      { key: 'test_metric', label: 'test', color: test },
    ],
    canLog: metric === 'mae',
    compared: true,
  },
  {
    title: 'Gradient norm',
    yLabel: 'norm before clipping',
    lines: [{ key: 'grad_norm', label: 'gradient norm', color: train }],
    canLog: true,
    compared: false,
  },
];

interface CurvesProps {
  id: string;
  config: ExperimentConfig;
  metric: MetricName;
  feed: CurveFeed;
  live: boolean;
  /** Visible range in steps. */
  range: ChartRange | null;
  published: Reference | null;
  onRange(range: ChartRange | null): void;
  /** Shown beside the last chart. */
  children: ReactNode;
}

export function Curves({ id, config, metric, feed, live, range, published, onRange, children }: CurvesProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [kind, setKind] = useState<XAxis>('step');
  const [weight, setWeight] = useState(0.6);
  const [logs, setLogs] = useState<Record<string, boolean>>({});
  const clock = useQuery(
    trpc.runs.clock.queryOptions({ id, points: 500 }, { enabled: kind === 'time', refetchInterval: live && 3000 }),
  );
  const axis = axisOf(kind, config.batch_size, clock.data ?? []);
  const shown = range && ([axis.of(range[0]), axis.of(range[1])] as const);
  const rows = charts(metric);

  /** Reads every point of the visible range from the store. */
  const allPoints = (lines: readonly Line[]) => async () => {
    const bounds = range ? { from: Math.max(0, Math.floor(range[0])), to: Math.max(0, Math.ceil(range[1])) } : {};
    return Promise.all(
      lines.map(async ({ key, label, color }) => {
        const read = (part: CurveRange) => client.runs.curve.query({ id, key: key as MetricKey, ...part });
        const points = await everyPoint(read, bounds);
        return { id: key, label, color, points: points.map(({ step, value }) => ({ x: axis.of(step), y: value })) };
      }),
    );
  };

  return (
    <Stack gap="sm">
      <Group gap="xl">
        <Group gap="xs">
          <Text size="sm" id="x-axis">
            x axis
          </Text>
          <SegmentedControl
            size="xs"
            aria-labelledby="x-axis"
            data={[...xAxes]}
            value={kind}
            onChange={(value) => setKind(value as XAxis)}
          />
        </Group>
        <Group gap="xs" wrap="nowrap">
          <Text size="sm">Smoothing</Text>
          <Slider
            w={160}
            min={0}
            max={0.99}
            step={0.01}
            value={weight}
            onChange={setWeight}
            label={(value) => value.toFixed(2)}
            thumbLabel="Smoothing: weight of earlier points"
          />
          <Text size="sm" ff="monospace" w={36}>
            {weight.toFixed(2)}
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          Drag over a chart to zoom; double-click to show everything.
        </Text>
      </Group>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {rows.map(({ title, yLabel, lines, canLog, compared }) => (
          <Card key={title} withBorder>
            <LineChart
              title={title}
              xLabel={axis.label}
              yLabel={yLabel}
              series={lines.flatMap((line) => {
                const curve = feed.get(line.key);
                return curve ? [seriesOf(line, curve, axis, weight)] : [];
              })}
              references={compared && published ? [published] : []}
              logScale={logs[title] ?? false}
              range={shown}
              onZoom={(next) => onRange(next && [axis.stepAt(next[0]), axis.stepAt(next[1])])}
              allPoints={allPoints(lines)}
            >
              {canLog && (
                <Switch
                  size="xs"
                  label="log"
                  checked={logs[title] ?? false}
                  onChange={(event) => setLogs({ ...logs, [title]: event.currentTarget.checked })}
                />
              )}
            </LineChart>
          </Card>
        ))}
        {children}
      </SimpleGrid>
    </Stack>
  );
}
