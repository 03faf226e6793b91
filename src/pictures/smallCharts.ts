/** Small charts below a forest plot, in rows as wide as the picture, with one title and legend. Pure. */
import type { Ink } from './colors.ts';
import { type PicturePart, round, textAt } from './forestPanel.ts';
import { movedDown, type SvgElement, svgElement } from './svg.ts';
import { tickLabel } from './ticks.ts';

/** Sizes in pixels; the margins are around the area of the marks. */
export const smallChart = { least: 260, gap: 16, height: 190, left: 38, right: 34, top: 24, bottom: 36 };

const titleHeight = 26;

interface SmallChartsOptions {
  title: string;
  legend: PicturePart;
  /** Pixels for what a chart writes below itself. */
  below?: number;
  width: number;
  ink: Ink;
}

/** A part per row of charts, the first with title and legend. */
export function smallCharts<Chart>(
  charts: readonly Chart[],
  draw: (chart: Chart, width: number) => SvgElement[],
  { title, legend, below = 0, width, ink }: SmallChartsOptions,
): PicturePart[] {
  const { least, gap, height } = smallChart;
  const across = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const each = (width - (across - 1) * gap) / across;
  const heading = textAt(0, 16, title, ink.text, { 'font-weight': 600, 'font-size': 14 });
  const rows = Math.ceil(charts.length / across);
  return Array.from({ length: rows }, (_, i) => {
    const begin = i === 0 ? titleHeight + legend.height : 0;
    const placed = charts.slice(i * across, (i + 1) * across).map((chart, j) => {
      const transform = `translate(${round(j * (each + gap))} ${begin})`;
      return svgElement('g', { transform }, ...draw(chart, each));
    });
    return {
      height: begin + height + below,
      elements: [...(i === 0 ? [heading, movedDown(titleHeight, ...legend.elements)] : []), ...placed],
    };
  });
}

/** Lines across the marks, each with its number to the left. */
export const horizontals = (
  ticks: readonly number[],
  yOf: (value: number) => number,
  width: number,
  ink: Ink,
): SvgElement[] =>
  ticks.flatMap((tick) => [
    svgElement('path', {
      d: `M${smallChart.left} ${yOf(tick).toFixed(1)}H${round(width - smallChart.right)}`,
      stroke: ink.line,
    }),
    textAt(smallChart.left - 6, yOf(tick) + 4, tickLabel(tick, 3), ink.dim, { 'text-anchor': 'end', 'font-size': 11 }),
  ]);

/** Numbers below the marks. */
export const abscissas = (ticks: readonly number[], xOf: (value: number) => number, ink: Ink): SvgElement[] =>
  ticks.map((tick) =>
    textAt(xOf(tick), smallChart.height - smallChart.bottom + 16, tickLabel(tick), ink.dim, {
      'text-anchor': 'middle',
      'font-size': 11,
    }),
  );
