/** Draws the test metric over steps: a small chart for each row, with the mean of each column's runs and its 95 % interval. Pure. */

import type { MetricName } from '#contract/runRow';
import type { CellResult, TableState } from '#contract/tableState';
import type { ChartPoint } from './chartPoint.ts';
import { type Ink, lineColor } from './colors.ts';
import { fontSize, type PicturePart, round, textAt } from './forestPanel.ts';
import { type MeanCurve, meanCurve } from './meanCurve.ts';
import { abscissas, horizontals, smallChart, smallCharts } from './smallCharts.ts';
import { type SvgElement, svgElement } from './svg.ts';
import { tableGrid } from './tableGrid.ts';
import { metricNames } from './tablePanels.ts';
import { cutText, textWidth } from './textWidth.ts';
import { linearTicks, tickLabel } from './ticks.ts';

/** Curves of the test metric over steps, by run id. */
export type TestCurves = ReadonlyMap<string, readonly ChartPoint[]>;

/** Largest number of points of a curve; a chart is too small for more. */
export const pointsOfCurve = 200;

/** Reads the curve of every run of a table. */
export function testCurvesOf(
  { results }: Pick<TableState, 'results'>,
  read: (run: string) => readonly { step: number; value: number }[],
): TestCurves {
  const curve = (run: string): ChartPoint[] =>
    read(run).flatMap(({ step, value }) => (Number.isFinite(value) ? { x: step, y: value } : []));
  return new Map(results.flatMap(({ runs }) => runs.map(({ id }) => [id, curve(id)] as const)));
}

interface StepChart {
  row: string;
  metric: MetricName;
  /** Ids of all runs. */
  runs: string;
  /** `threshold`: the metric that the column's runs must reach, if the cell counts steps. */
  curves: { column: string; mean: MeanCurve; threshold: number | null }[];
}

/** Dashes of the lines, to tell them apart in print without colour. */
const dashes = ['none', '7 3', '2 2', '9 3 2 3', '4 2', '12 4', '1 4', '9 3 2 3 2 3', '5 1', '14 2 2 2'];

const legendHeight = 22;

/** A part for each row of charts, the first with title and legend; empty if no run has a curve. */
export function stepCurves(
  state: Pick<TableState, 'results'>,
  curves: TestCurves,
  width: number,
  ink: Ink,
): PicturePart[] {
  const charts = stepCharts(state.results, curves);
  if (charts.length === 0) return [];
  const { columns } = tableGrid(state);
  const errors = charts.filter(({ metric }) => metric === 'mae').flatMap(valuesOf);
  const top: Record<MetricName, number> = { accuracy: 1, mae: Math.max(...errors, 0) || 1 };
  const drawn = columns.filter((column) => charts.some((one) => one.curves.some((curve) => curve.column === column)));
  const names = drawn.length > 1 ? legend(drawn, columns, width, ink) : { height: 0, elements: [] };
  return smallCharts(charts, (one, each) => stepChart(one, columns, top[one.metric], each, ink), {
    title: 'Test metric over steps: mean of the seeds with its 95 % interval',
    legend: names,
    ...{ width, ink },
  });
}

/** A chart for each row and metric with a curve of at least two points; of two with the same runs, that with a threshold. */
function stepCharts(results: readonly CellResult[], curves: TestCurves): StepChart[] {
  const charts = allCharts(results, curves);
  const hasThreshold = ({ curves }: StepChart) => curves.some(({ threshold }) => threshold !== null);
  const repeated = new Set(charts.filter(hasThreshold).map(({ runs }) => runs));
  return charts.filter((chart) => hasThreshold(chart) || !repeated.has(chart.runs));
}

function allCharts(results: readonly CellResult[], curves: TestCurves): StepChart[] {
  const rows = [...new Set(results.map(({ cell }) => cell.row))];
  return rows.flatMap((row) =>
    metricNames.flatMap((metric) => {
      const own = results.filter((result) => result.cell.row === row && metricOf(result) === metric);
      const means = own.flatMap(({ cell, runs, steps }) => {
        const mean = meanCurve(
          runs.map(({ id }) => curves.get(id) ?? []),
          metric,
          pointsOfCurve,
        );
        return mean.points.length > 1 ? [{ column: cell.column, mean, threshold: steps?.threshold ?? null }] : [];
      });
      const ids = own.flatMap(({ runs }) => runs.map(({ id }) => id)).sort();
      return means.length > 0 ? [{ row, metric, runs: ids.join(), curves: means }] : [];
    }),
  );
}

/** Of the curves behind a result. */
const metricOf = ({ metric, runs }: CellResult): MetricName | null =>
  metric === 'steps' ? (runs[0]?.metric ?? null) : metric;

const valuesOf = ({ curves }: StepChart): number[] =>
  curves.flatMap(({ mean }) => [
    ...mean.points.map(({ y }) => y),
    ...mean.band.flatMap(({ low, high }) => [low, high]),
  ]);

function stepChart(chart: StepChart, columns: readonly string[], top: number, width: number, ink: Ink): SvgElement[] {
  const { row, metric, curves } = chart;
  const least = metric === 'accuracy' && Math.min(...valuesOf(chart)) >= 0.5 ? 0.5 : 0;
  const last = Math.max(...curves.map(({ mean }) => mean.points[mean.points.length - 1].x));
  const bottom = smallChart.height - smallChart.bottom;
  const xOf = (x: number) => smallChart.left + (x / (last || 1)) * (width - smallChart.left - smallChart.right);
  const yOf = (y: number) =>
    bottom - ((Math.min(top, Math.max(least, y)) - least) / (top - least)) * (bottom - smallChart.top);
  const path = (points: readonly ChartPoint[]) =>
    points.map(({ x, y }, i) => `${i ? 'L' : 'M'}${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join('');
  const area = (band: MeanCurve['band']) =>
    `${path(band.map(({ x, high }) => ({ x, y: high })))}${path([...band].reverse().map(({ x, low }) => ({ x, y: low }))).replace('M', 'L')}Z`;
  const looks = curves.map(({ column, mean, threshold }) => ({
    mean,
    threshold,
    ...lineLook(columns.indexOf(column)),
  }));
  return [
    textAt(smallChart.left, 14, cutText(metric === 'mae' ? `${row}, error` : row, width - smallChart.left), ink.text),
    ...horizontals(linearTicks(least, top, 4), yOf, width, ink),
    ...abscissas(linearTicks(0, last, 3), xOf, ink),
    ...looks.flatMap(({ mean, color }) =>
      mean.band.length > 1 ? [svgElement('path', { d: area(mean.band), fill: color, 'fill-opacity': 0.18 })] : [],
    ),
    ...looks.flatMap(({ threshold, color }) =>
      threshold === null ? [] : thresholdLine(threshold, yOf(threshold), width, color),
    ),
    ...looks.map(({ mean, color, dash }) =>
      svgElement('path', {
        ...{ d: path(mean.points), fill: 'none', stroke: color, 'stroke-width': 1.8 },
        ...{ 'stroke-dasharray': dash, 'stroke-linejoin': 'round' },
      }),
    ),
  ];
}

function thresholdLine(threshold: number, y: number, width: number, stroke: string): SvgElement[] {
  const end = round(width - smallChart.right);
  return [
    svgElement('path', {
      'data-part': 'threshold',
      d: `M${smallChart.left} ${round(y)}H${end}`,
      stroke,
      'stroke-dasharray': '1 3',
    }),
    textAt(end + 4, y + 4, tickLabel(threshold, 3), stroke, { 'font-size': 10 }),
  ];
}

const lineLook = (index: number) => ({ color: lineColor(index), dash: dashes[index % dashes.length] });

/** Shows the line of each column, in as many rows as needed. */
function legend(drawn: readonly string[], columns: readonly string[], width: number, ink: Ink): PicturePart {
  let [x, y] = [0, 0];
  const elements = drawn.flatMap((column) => {
    const { color, dash } = lineLook(columns.indexOf(column));
    const text = cutText(column, 240);
    const length = 38 + textWidth(text) + 16;
    if (x > 0 && x + length > width) [x, y] = [0, y + legendHeight];
    const [from, at] = [x, y];
    x += length;
    return [
      svgElement('path', { d: `M${from} ${at + 11}h30`, stroke: color, 'stroke-width': 2, 'stroke-dasharray': dash }),
      textAt(from + 38, at + 11 + fontSize / 3, text, ink.text),
    ];
  });
  return { height: y + legendHeight + 6, elements };
}
