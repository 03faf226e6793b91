/** Draws charts on a canvas with Chart.js; no other file uses it. */
import {
  type ActiveElement,
  Chart,
  type ChartDataset,
  type ChartEvent,
  Filler,
  Interaction,
  type InteractionItem,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  type Plugin,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { ChartPoint } from '#pictures/chartPoint';
import { tickLabel } from '#pictures/ticks';
import { type ChartRange, extentOf, positive, type Reference, type Series } from './series.ts';

declare module 'chart.js' {
  interface InteractionModeMap {
    /** The point of each line that is nearest in x. */
    nearestOfEach: (chart: Chart, event: ChartEvent) => InteractionItem[];
  }
}

export interface ChartView {
  series: readonly Series[];
  references: readonly Reference[];
  xLabel: string;
  yLabel: string;
  logScale: boolean;
  range: ChartRange | null;
  dark: boolean;
}

export interface DrawnChart {
  /** Draws now; call it at most 20 times a second. */
  update(view: ChartView): void;
  /** The x value under a horizontal position on the canvas, in CSS pixels. */
  xAt(pixel: number): number;
  /** Left and right end of the plot in CSS pixels. */
  plot(): ChartRange;
  /** The picture as PNG on an opaque background. */
  png(): Promise<Blob>;
  destroy(): void;
}

/** A curve with fewer points shows them as dots: one point alone makes no line. */
const dotted = 40;

type Dataset = ChartDataset<'line', ChartPoint[]> & { isLine?: boolean };

const colorsOf = (dark: boolean) =>
  dark
    ? { text: '#b8c4ce', grid: '#283641', ground: '#131a21', reference: '#8d9ba6' }
    : { text: '#434f5a', grid: '#e2e9ed', ground: '#ffffff', reference: '#8d9ba6' };

/** Draws on a canvas that fills its parent. Null when the canvas has no 2D context. */
export function drawChart(canvas: HTMLCanvasElement): DrawnChart | null {
  if (!canvas.getContext('2d')) return null;
  Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Filler, Tooltip);
  Interaction.modes.nearestOfEach = nearestOfEach;
  Chart.defaults.font.family = getComputedStyle(canvas).fontFamily;
  let view: ChartView | null = null;
  const chart = new Chart<'line', ChartPoint[]>(canvas, {
    type: 'line',
    data: { datasets: [] },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      maintainAspectRatio: false,
      interaction: { mode: 'nearestOfEach', axis: 'x', intersect: false },
      elements: { line: { borderWidth: 1.6, borderJoinStyle: 'round' }, point: { hitRadius: 0, hoverRadius: 3 } },
      plugins: {
        tooltip: {
          callbacks: {
            title: (items) => (items[0] ? tickLabel(items[0].parsed.x ?? 0, 8) : ''),
            label: ({ dataset, parsed }) => ` ${dataset.label}  ${tickLabel(parsed.y ?? 0)}`,
          },
        },
      },
    },
    plugins: [referencePlugin(() => view)],
  });
  return {
    update(next) {
      view = next;
      const colors = colorsOf(next.dark);
      const extent = next.range ?? extentOf(next.series);
      const axis = (label: string) => ({
        title: { display: true, text: label, color: colors.text },
        grid: { color: colors.grid },
        border: { color: colors.grid },
        ticks: { color: colors.text, maxRotation: 0, callback: (value: string | number) => tickLabel(Number(value)) },
      });
      // new arrays each time: Chart.js patches the arrays it is given, and refilling one costs 15 times as much
      chart.data.datasets = next.series.flatMap((series, i) =>
        datasetsOf(series, next.logScale, 1 - i / next.series.length),
      );
      chart.options.scales = {
        x: {
          type: 'linear',
          ...axis(next.xLabel),
          min: extent?.[0],
          max: extent?.[1],
          ticks: { ...axis('').ticks, maxTicksLimit: 9 },
        },
        y: { type: next.logScale ? 'logarithmic' : 'linear', ...axis(next.yLabel), ...suggested(next) },
      };
      chart.update('none');
    },
    xAt: (pixel) => chart.scales.x.getValueForPixel(pixel) ?? 0,
    plot: () => [chart.chartArea.left, chart.chartArea.right],
    png: () => picture(canvas, colorsOf(view?.dark ?? false).ground),
    destroy: () => chart.destroy(),
  };
}

/** Drawing order: lines above raw points above bands. Chart.js draws a lower order on top. */
function datasetsOf({ label, color, points, raw, band }: Series, logScale: boolean, order: number): Dataset[] {
  const shown = (list: readonly ChartPoint[]) => [...(logScale ? positive(list) : list)];
  const edge = (label: string, side: 'low' | 'high', fill: ChartDataset<'line'>['fill']): Dataset => ({
    label,
    data: shown(band!.map((b) => ({ x: b.x, y: b[side] }))),
    borderWidth: 0,
    pointRadius: 0,
    backgroundColor: faded(color, 0.18),
    fill,
    order: 3,
  });
  return [
    {
      label,
      data: shown(points),
      borderColor: color,
      backgroundColor: color,
      pointRadius: points.length <= dotted ? 2.5 : 0,
      order,
      isLine: true,
    },
    ...(raw
      ? [
          {
            label: `${label} raw`,
            data: shown(raw),
            borderColor: faded(color, 0.3),
            borderWidth: 1,
            pointRadius: 0,
            order: 2,
          },
        ]
      : []),
    ...(band?.length ? [edge(`${label} low`, 'low', false), edge(`${label} high`, 'high', '-1')] : []),
  ];
}

/** `#rrggbb` with an alpha. */
const faded = (color: string, alpha: number): string =>
  `${color}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`;

/** Extends the y axis so that reference numbers are visible. */
function suggested({ references, logScale, series }: ChartView): { suggestedMin?: number; suggestedMax?: number } {
  const values = (extentOf(series) ? references : [])
    .flatMap(({ value, low = value, high = value }) => [low, high])
    .filter((value) => !logScale || value > 0);
  return values.length ? { suggestedMin: Math.min(...values), suggestedMax: Math.max(...values) } : {};
}

function nearestOfEach(chart: Chart, event: ChartEvent): InteractionItem[] {
  const x = chart.scales.x?.getValueForPixel(event.x ?? 0);
  if (x === undefined) return [];
  return chart.data.datasets.flatMap((dataset, datasetIndex): ActiveElement[] => {
    const { data, isLine } = dataset as Dataset;
    const { data: elements } = chart.getDatasetMeta(datasetIndex);
    if (!isLine || data.length === 0) return [];
    let [low, high] = [0, data.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (data[middle].x < x) low = middle;
      else high = middle;
    }
    const index = Math.abs(data[low].x - x) <= Math.abs(data[high].x - x) ? low : high;
    return elements[index] ? [{ element: elements[index], datasetIndex, index }] : [];
  });
}

/** Draws reference ranges and lines across the plot, under the curves. */
const referencePlugin = (view: () => ChartView | null): Plugin<'line'> => ({
  id: 'references',
  beforeDatasetsDraw({ ctx, chartArea: { left, right, top, bottom }, scales: { y } }) {
    const now = view();
    if (!now || !extentOf(now.series)) return;
    const color = colorsOf(now.dark).reference;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    for (const { value, low = value, high = value, label } of now.references) {
      if (now.logScale && low <= 0) continue;
      const [from, at, to] = [low, value, high].map((v) => y.getPixelForValue(v));
      ctx.fillStyle = faded(color, 0.18);
      ctx.fillRect(left, to, right - left, from - to);
      ctx.strokeStyle = color;
      ctx.setLineDash([6, 4]);
      ctx.beginPath();
      ctx.moveTo(left, at);
      ctx.lineTo(right, at);
      ctx.stroke();
      ctx.fillStyle = colorsOf(now.dark).text;
      ctx.textAlign = 'left';
      ctx.fillText(label, left + 6, at - top > 16 ? at - 5 : at + 13);
    }
    ctx.restore();
  },
});

function picture(canvas: HTMLCanvasElement, ground: string): Promise<Blob> {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d')!;
  context.fillStyle = ground;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return new Promise((resolve, reject) =>
    copy.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('internal: the canvas gave no PNG'))), 'image/png'),
  );
}
