/** A line chart with zoom (drag, double click, keys), files to save, and its numbers as a table. */
import { ActionIcon, Alert, Box, Group, Text, Title, Tooltip, useComputedColorScheme } from '@mantine/core';
import { IconArrowBackUp, IconTable, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { ChartTable } from './ChartTable.tsx';
import { type DrawnChart, drawChart } from './draw.ts';
import { SaveMenu } from './SaveMenu.tsx';
import { saveFile } from './save.ts';
import { type ChartRange, caption, extentOf, type Reference, type Series } from './series.ts';
import { chartSvg } from './svg.ts';
import { tableCsv, tableRows } from './table.ts';
import { moved, widened } from './zoom.ts';

export interface LineChartProps {
  title: string;
  series: readonly Series[];
  references?: readonly Reference[];
  xLabel: string;
  yLabel: string;
  logScale?: boolean;
  /** The visible x range; null: all of it. */
  range?: ChartRange | null;
  /** Called with the range that the user chose, null for everything; absent: the chart does not zoom. */
  onZoom?(range: ChartRange | null): void;
  /** Reads every point of the visible range for CSV; absent: CSV holds the drawn points. */
  allPoints?(): Promise<readonly Series[]>;
  height?: number;
  /** More controls, right of the title. */
  children?: ReactNode;
}

export function LineChart(props: LineChartProps) {
  const {
    title,
    series,
    references = [],
    xLabel,
    yLabel,
    logScale = false,
    range = null,
    onZoom,
    height = 300,
  } = props;
  const dark = useComputedColorScheme('light') === 'dark';
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<DrawnChart | null>(null);
  const [drawable, setDrawable] = useState(true);
  const [tableShown, setTableShown] = useState(false);
  const captionId = useId();

  useEffect(() => {
    chart.current = drawChart(canvas.current!);
    setDrawable(chart.current !== null);
    return () => chart.current?.destroy();
  }, []);
  useEffect(() => chart.current?.update({ series, references, xLabel, yLabel, logScale, range, dark }));

  const extent = range ?? extentOf(series);
  const zoom = (next: ChartRange | null) => extent && onZoom?.(next);
  const keys: Record<string, () => void> = {
    '+': () => zoom(widened(extent!, 0.5)),
    '=': () => zoom(widened(extent!, 0.5)),
    '-': () => zoom(widened(extent!, 2)),
    ArrowLeft: () => range && zoom(moved(range, -0.2)),
    ArrowRight: () => range && zoom(moved(range, 0.2)),
    Escape: () => zoom(null),
    '0': () => zoom(null),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!extent || !onZoom || !Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  };

  const csv = async () => {
    const all = (await props.allPoints?.()) ?? series;
    saveFile(`${title}.csv`, tableCsv(xLabel, all, tableRows(all, range)), 'text/csv');
  };
  const svg = () =>
    saveFile(`${title}.svg`, chartSvg({ title, series, references, xLabel, yLabel, logScale, range }), 'image/svg+xml');
  const png = async () => saveFile(`${title}.png`, await chart.current!.png());

  return (
    <Box component="section" aria-label={title}>
      <Group justify="space-between" mb={4} gap="xs">
        <Group gap="md">
          <Title order={3}>{title}</Title>
          <Legend series={series} />
        </Group>
        <Group gap={4}>
          {props.children}
          {onZoom && (
            <>
              <Tool label="Zoom in" disabled={!extent} onClick={() => zoom(widened(extent!, 0.5))}>
                <IconZoomIn size={16} />
              </Tool>
              <Tool label="Zoom out" disabled={!range} onClick={() => zoom(widened(extent!, 2))}>
                <IconZoomOut size={16} />
              </Tool>
              <Tool label="Show everything" disabled={!range} onClick={() => zoom(null)}>
                <IconArrowBackUp size={16} />
              </Tool>
            </>
          )}
          <Tool label="Show as a table" pressed={tableShown} onClick={() => setTableShown(!tableShown)}>
            <IconTable size={16} />
          </Tool>
          <SaveMenu
            title={title}
            numbers="every point"
            onCsv={() => void csv()}
            onPng={drawable ? () => void png() : undefined}
            onSvg={svg}
          />
        </Group>
      </Group>
      <ZoomArea chart={chart} onZoom={onZoom} height={drawable ? height : 0}>
        <canvas
          ref={canvas}
          aria-label={`${title}. ${onZoom ? 'Plus and minus zoom, arrows move, Escape shows everything.' : ''}`}
          aria-describedby={captionId}
          tabIndex={onZoom ? 0 : -1}
          onKeyDown={onKeyDown}
        />
      </ZoomArea>
      {!drawable && (
        <Alert color="yellow" title="This browser cannot draw the chart: it has no canvas">
          Read the numbers in the table below, or save the chart as SVG.
        </Alert>
      )}
      <Text id={captionId} size="xs" c="dimmed" mt={4}>
        {caption({ series, range, logScale })}
      </Text>
      {(tableShown || !drawable) && <ChartTable title={title} xLabel={xLabel} series={series} range={range} />}
    </Box>
  );
}

interface ToolProps {
  label: string;
  disabled?: boolean;
  pressed?: boolean;
  onClick(): void;
  children: ReactNode;
}

function Tool({ label, disabled, pressed, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={pressed ? 'light' : 'subtle'}
        color={pressed ? undefined : 'gray'}
        aria-label={label}
        aria-pressed={pressed}
        bg={disabled ? 'transparent' : undefined}
        disabled={disabled}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <Group gap="sm">
      {series.map(({ id, label, color }) => (
        <Group key={id} gap={6} wrap="nowrap" miw={0}>
          <Box w={14} h={3} flex="none" bg={color} style={{ borderRadius: 2 }} />
          <Text size="xs" maw={300} truncate title={label}>
            {label}
          </Text>
        </Group>
      ))}
    </Group>
  );
}

interface ZoomAreaProps {
  chart: { readonly current: DrawnChart | null };
  onZoom?(range: ChartRange | null): void;
  height: number;
  children: ReactNode;
}

/** The canvas and the zoom rectangle over it. */
function ZoomArea({ chart, onZoom, height, children }: ZoomAreaProps) {
  const [drag, setDrag] = useState<ChartRange | null>(null);
  const at = (event: PointerEvent): number => {
    const [left, right] = chart.current!.plot();
    return Math.min(right, Math.max(left, event.clientX - event.currentTarget.getBoundingClientRect().left));
  };
  const begin = (event: PointerEvent) => {
    if (!onZoom || !chart.current || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag([at(event), at(event)]);
  };
  const end = () => {
    setDrag(null);
    if (!drag || !chart.current || Math.abs(drag[1] - drag[0]) < 6) return;
    const [from, to] = [...drag].sort((a, b) => a - b).map((pixel) => chart.current!.xAt(pixel));
    onZoom?.([from, to]);
  };
  return (
    <Box
      pos="relative"
      h={height}
      style={{ cursor: onZoom ? 'crosshair' : undefined, touchAction: 'pan-y' }}
      onPointerDown={begin}
      onPointerMove={(event) => drag && setDrag([drag[0], at(event)])}
      onPointerUp={end}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => onZoom?.(null)}
    >
      {children}
      {drag && (
        <Box
          pos="absolute"
          top={0}
          h="100%"
          left={Math.min(...drag)}
          w={Math.abs(drag[1] - drag[0])}
          bg="blue"
          opacity={0.18}
          style={{ pointerEvents: 'none' }}
        />
      )}
    </Box>
  );
}
