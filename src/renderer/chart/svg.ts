/** A chart as an SVG file for papers: the lines, bands and axes of the screen on a white background. Pure. */
import type { ChartPoint } from '#pictures/chartPoint';
import { escaped } from '#pictures/svg';
import { linearTicks, logTicks, tickLabel } from '#pictures/ticks';
import { type ChartRange, extentOf, positive, type Reference, type Series } from './series.ts';

export interface SvgOptions {
  title: string;
  series: readonly Series[];
  references?: readonly Reference[];
  xLabel: string;
  yLabel: string;
  logScale: boolean;
  range: ChartRange | null;
}

const [width, height] = [900, 500];
const frame = { left: 80, right: 20, top: 44, bottom: 56 };
const ink = '#212529';

export function chartSvg({ title, series, references = [], xLabel, yLabel, logScale, range }: SvgOptions): string {
  const visible = series.map((one) => cut(one, range, logScale));
  const xs = range ?? extentOf(visible) ?? [0, 1];
  const ys = yExtent(visible, references, logScale);
  const scale = logScale ? Math.log10 : (v: number) => v;
  const x = (v: number) => frame.left + ((v - xs[0]) / (xs[1] - xs[0] || 1)) * (width - frame.left - frame.right);
  const y = (v: number) =>
    height -
    frame.bottom -
    ((scale(v) - scale(ys[0])) / (scale(ys[1]) - scale(ys[0]) || 1)) * (height - frame.top - frame.bottom);
  const path = (points: readonly ChartPoint[]) =>
    points.map((p, i) => `${i ? 'L' : 'M'}${x(p.x).toFixed(2)} ${y(p.y).toFixed(2)}`).join('');
  const line = (points: readonly ChartPoint[], color: string, extra: string) =>
    points.length ? `<path d="${path(points)}" fill="none" stroke="${escaped(color)}" ${extra}/>` : '';
  const text = (tx: number, ty: number, content: string, extra: string) =>
    `<text x="${tx.toFixed(1)}" y="${ty.toFixed(1)}" fill="${ink}" ${extra}>${escaped(content)}</text>`;
  const [right, bottom] = [width - frame.right, height - frame.bottom];

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(frame.left, 26, title, 'font-size="16" font-weight="600"'),
    ...linearTicks(xs[0], xs[1], 8).map((tick) => text(x(tick), bottom + 20, tickLabel(tick), 'text-anchor="middle"')),
    ...(logScale ? logTicks(ys[0], ys[1]) : linearTicks(ys[0], ys[1])).flatMap((tick) => [
      `<path d="M${frame.left} ${y(tick).toFixed(2)}H${right}" stroke="#dee2e6"/>`,
      text(frame.left - 8, y(tick) + 4, tickLabel(tick), 'text-anchor="end"'),
    ]),
    text((frame.left + right) / 2, height - 12, xLabel, 'text-anchor="middle"'),
    `<text transform="translate(18 ${(frame.top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${ink}">${escaped(yLabel)}</text>`,
    `<clipPath id="plot"><rect x="${frame.left}" y="${frame.top}" width="${right - frame.left}" height="${bottom - frame.top}"/></clipPath>`,
    '<g clip-path="url(#plot)" stroke-linejoin="round">',
    ...references.map(({ value, low = value, high = value, label }) =>
      [
        `<rect x="${frame.left}" y="${y(high).toFixed(2)}" width="${right - frame.left}" height="${(y(low) - y(high)).toFixed(2)}" fill="#868e96" fill-opacity="0.15"/>`,
        `<path d="M${frame.left} ${y(value).toFixed(2)}H${right}" stroke="#868e96" stroke-dasharray="6 4"/>`,
        text(frame.left + 6, y(value) - 5, label, ''),
      ].join(''),
    ),
    ...visible.flatMap(({ color, points, raw, band = [] }) => [
      band.length
        ? `<path d="${path(band.map((b) => ({ x: b.x, y: b.high })))}${path(band.map((b) => ({ x: b.x, y: b.low })).reverse()).replace('M', 'L')}Z" fill="${escaped(color)}" fill-opacity="0.18"/>`
        : '',
      raw ? line(raw, color, 'stroke-opacity="0.3"') : '',
      line(points, color, 'stroke-width="1.8"'),
    ]),
    '</g>',
    ...legend(series),
    '</svg>',
    '',
  ]
    .filter((piece, i, all) => piece !== '' || i === all.length - 1)
    .join('\n');
}

function legend(series: readonly Series[]): string[] {
  let at = width - frame.right;
  return [...series].reverse().map(({ label, color }) => {
    at -= label.length * 7.2 + 34;
    return `<path d="M${at} 22h18" stroke="${escaped(color)}" stroke-width="3"/><text x="${at + 24}" y="26" fill="${ink}">${escaped(label)}</text>`;
  });
}

/** The visible part of a series. */
function cut(series: Series, range: ChartRange | null, logScale: boolean): Series {
  const seen = (points: readonly ChartPoint[]) => {
    const inRange = range ? points.filter((p) => p.x >= range[0] && p.x <= range[1]) : points;
    return logScale ? positive(inRange) : inRange;
  };
  return {
    ...series,
    points: seen(series.points),
    raw: series.raw && seen(series.raw),
    band: series.band?.filter((b) => (!range || (b.x >= range[0] && b.x <= range[1])) && (!logScale || b.low > 0)),
  };
}

function yExtent(series: readonly Series[], references: readonly Reference[], logScale: boolean): ChartRange {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const see = (value: number) => {
    if (logScale && value <= 0) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const { points, raw = [], band = [] } of series) {
    for (const { y } of points) see(y);
    for (const { y } of raw) see(y);
    for (const b of band) {
      see(b.low);
      see(b.high);
    }
  }
  for (const { value, low: l = value, high: h = value } of references) for (const v of [l, h]) see(v);
  if (!(low <= high)) return logScale ? [0.1, 1] : [0, 1];
  if (low === high) return logScale ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const margin = 0.04 * (high - low);
  return logScale ? [low * 0.9, high * 1.1] : [low - margin, high + margin];
}
