/** Whether bodies that train more weights score better, a small chart per column: a mark per body, published and ours. Pure. */
import { countText, numberText } from '#contract/format';
import type { RankCorrelation, WeightsAndScore } from '#contract/tableState';
import type { Ink } from './colors.ts';
import { type PicturePart, textAt } from './forestPanel.ts';
import { abscissas, horizontals, smallChart, smallCharts } from './smallCharts.ts';
import { type SvgElement, svgElement } from './svg.ts';
import { cutText, textWidth } from './textWidth.ts';
import { linearTicks } from './ticks.ts';
import { type Look, markAt } from './verdictLooks.ts';

type Side = WeightsAndScore['points'][number]['of'];
const looks: Record<Side, Look> = {
  published: { tone: 'waiting', shape: 'ring' },
  ours: { tone: 'busy', shape: 'disc' },
};
const sides = Object.keys(looks) as Side[];
/** Of the second line of words below a chart, and a gap. */
const wordsHeight = 24;

/** Charts of the columns that have a rank correlation, in rows; none where there is no such column. */
export function weightCharts(found: readonly WeightsAndScore[], width: number, ink: Ink): PicturePart[] {
  const charts = found.filter((column) => sides.some((side) => column[side] !== null));
  return smallCharts(charts, (chart, each) => weightChart(chart, each, ink), {
    title: 'Trained weights (to the right) and score (up is better), with their rank correlation',
    legend: legend(charts, ink),
    ...{ below: wordsHeight, width, ink },
  });
}

function weightChart({ column, metric, points, ...found }: WeightsAndScore, width: number, ink: Ink): SvgElement[] {
  const bottom = smallChart.height - smallChart.bottom;
  const [x, y] = [spanOf(points.map(({ trained }) => trained)), spanOf(points.map(({ score }) => score))];
  const xOf = (value: number) => smallChart.left + x.share(value) * (width - smallChart.left - smallChart.right);
  const height = bottom - smallChart.top;
  const yOf = (value: number) =>
    metric === 'mae' ? smallChart.top + y.share(value) * height : bottom - y.share(value) * height;
  const words = sides.flatMap((side) => {
    const correlation = found[side];
    return correlation ? `${side} ${correlationText(correlation)}` : [];
  });
  const name = metric === 'mae' ? `${column}, error` : column;
  return [
    textAt(smallChart.left, 14, cutText(name, width - smallChart.left), ink.text),
    ...words.map((text, i) => textAt(smallChart.left, smallChart.height - 3 + 15 * i, text, ink.dim)),
    ...horizontals(linearTicks(y.low, y.high, 4), yOf, width, ink),
    ...abscissas(linearTicks(x.low, x.high, 3), xOf, ink),
    ...points.map(({ row, of, trained, score }) =>
      svgElement(
        'g',
        {},
        svgElement('title', {}, `${row}, ${of}: ${countText(trained)} weights, ${numberText(score)}`),
        markOf(of, xOf(trained), Math.round(yOf(score) * 10) / 10, ink),
      ),
    ),
  ];
}

/** Some values with room around them. */
function spanOf(values: readonly number[]) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = 0.06 * (most - least || 1);
  const [low, high] = [least - room, most + room];
  return { low, high, share: (value: number) => (value - low) / (high - low) };
}

const correlationText = ({ rho, low, high }: RankCorrelation): string =>
  `${numberText(rho, 2)} (${numberText(low, 2)} … ${numberText(high, 2)})`;

const markOf = (side: Side, x: number, y: number, ink: Ink): SvgElement =>
  markAt(x, y, looks[side].shape!, { color: ink.tone(looks[side].tone), ground: ink.ground });

/** The mark of each side that the charts show. */
function legend(charts: readonly WeightsAndScore[], ink: Ink): PicturePart {
  let x = 6;
  const elements = sides.flatMap((side) => {
    if (!charts.some(({ points }) => points.some(({ of }) => of === side))) return [];
    const at = x;
    x += 30 + textWidth(side);
    return [markOf(side, at, 11, ink), textAt(at + 12, 15, side, ink.text)];
  });
  return { height: 28, elements };
}
