/** Draws a panel of a forest plot: a line for each cell or contrast, on a common axis. Pure. */
import type { Ink } from './colors.ts';
import { movedDown, type SvgElement, svgElement } from './svg.ts';
import type { Panel, PanelLine, Span } from './tablePanels.ts';
import { cutText, textWidth } from './textWidth.ts';
import { tickLabel } from './ticks.ts';
import { markAt } from './verdictLooks.ts';

/** A part of a picture that is not split between pages, drawn from y = 0 down. */
export interface PicturePart {
  height: number;
  elements: SvgElement[];
}

/** Space below a group. */
export const gap = 18;

export const fontSize = 12;
export const plotLineHeight = 24;
const headingHeight = 26;
const axisHeight = 22;
const titleHeight = 24;
/** Positions within a line: the published number above, ours below. */
const [publishedY, oursY] = [7, 16];

export const textAt = (
  x: number,
  y: number,
  text: string,
  fill: string,
  more: SvgElement['attributes'] = {},
): SvgElement => svgElement('text', { x: round(x), y: round(y), fill, 'font-size': fontSize, ...more }, text);

export const round = (value: number): number => Math.round(value * 100) / 100;

/** The left and right edge of the plots, between labels and verdicts. */
export function plotEdges(panels: readonly Panel[], width: number): Span {
  const lines = panels.flatMap(({ groups }) => groups.flatMap((group) => group.lines));
  const widest = (texts: string[], most: number) =>
    Math.min(most, Math.max(60, ...texts.map((text) => textWidth(text))));
  return {
    low:
      widest(
        lines.map(({ label }) => label),
        width * 0.28,
      ) + 16,
    high:
      width -
      widest(
        lines.map(({ verdict }) => verdict),
        width * 0.26,
      ) -
      14,
  };
}

/** A part for each group, or for each line without groups. The first part has the title; the first and the last have the axis. */
export function forestPanel(panel: Panel, edges: Span, width: number, ink: Ink): PicturePart[] {
  const { scale, ticks, isLog, groups, hasZero, title } = panel;
  const along = (value: number): number => (isLog ? Math.log10(Math.max(value, scale.low)) : value);
  const xOf = (value: number): number => {
    const share = (along(value) - along(scale.low)) / (along(scale.high) - along(scale.low));
    return round(edges.low + Math.min(1, Math.max(0, share)) * (edges.high - edges.low));
  };
  const guides = (top: number, bottom: number): SvgElement[] => [
    ...ticks.map((tick) => svgElement('path', { d: `M${xOf(tick)} ${top}V${bottom}`, stroke: ink.line })),
    ...(hasZero
      ? [svgElement('path', { d: `M${xOf(0)} ${top}V${bottom}`, stroke: ink.dim, 'stroke-width': 1.2 })]
      : []),
  ];
  const axis = (y: number): SvgElement[] =>
    ticks.map((tick) => textAt(xOf(tick), y, tickLabel(tick), ink.dim, { 'text-anchor': 'middle', 'font-size': 11 }));
  const units = groups.flatMap((group) =>
    group.heading === null ? group.lines.map((line) => ({ heading: null, lines: [line] })) : [group],
  );
  return units.map(({ heading, lines }, i) => {
    const [isFirst, isLast] = [i === 0, i === units.length - 1];
    const top = isFirst ? titleHeight + axisHeight : 0;
    const begin = top + (heading === null ? 0 : headingHeight);
    const end = begin + lines.length * plotLineHeight;
    return {
      height: isLast ? end + 4 + axisHeight + gap : end,
      elements: [
        ...(isFirst ? [textAt(0, 16, title, ink.text, { 'font-weight': 600, 'font-size': 14 }), ...axis(top - 8)] : []),
        ...guides(isFirst ? top - 4 : 0, isLast ? end + 4 : end),
        ...(isLast ? axis(end + 18) : []),
        ...(heading === null
          ? []
          : [textAt(0, top + 18, cutText(heading, width * 0.9), ink.text, { 'font-weight': 600 })]),
        ...lines.map((line, j) => movedDown(begin + j * plotLineHeight, drawnLine(line, xOf, edges, width, ink))),
      ],
    };
  });
}

function drawnLine(
  { label, about, published, allowed, floor, ours, verdict, look }: PanelLine,
  xOf: (value: number) => number,
  edges: Span,
  width: number,
  ink: Ink,
): SvgElement {
  const color = ink.tone(look.tone);
  const shown = {
    label: cutText(label, edges.low - 16),
    verdict: cutText(verdict, width - edges.high - 12),
  };
  return svgElement(
    'g',
    {},
    svgElement('title', {}, about),
    // so that the pointer hits the line also between its marks
    svgElement('rect', { width, height: plotLineHeight, fill: 'none', 'pointer-events': 'all' }),
    textAt(0, 16, shown.label, ink.text),
    ...(allowed ? [toleranceBand(xOf(allowed.low), xOf(allowed.high), ink)] : []),
    ...(floor === null ? [] : [floorMark(xOf(floor), ink)]),
    ...(published ? [publishedMark(xOf(published.value), xOf(published.low), xOf(published.high), ink)] : []),
    ...(ours && look.shape
      ? [
          whisker(xOf(ours.low), xOf(ours.high), oursY, color, 2),
          markAt(xOf(ours.mean), oursY, look.shape, { color, ground: ink.ground }),
        ]
      : []),
    textAt(edges.high + 12, 16, shown.verdict, color),
  );
}

/** A line between two places, with caps. */
export const whisker = (from: number, to: number, y: number, stroke: string, width: number): SvgElement =>
  svgElement('path', {
    ...{ d: `M${from} ${y}H${to}M${from} ${y - 3}v6M${to} ${y - 3}v6` },
    ...{ fill: 'none', stroke, 'stroke-width': width },
  });

export const toleranceBand = (from: number, to: number, ink: Ink): SvgElement =>
  svgElement('rect', {
    ...{ 'data-part': 'tolerance', x: from, y: 1, width: round(to - from), height: plotLineHeight - 2 },
    ...{ fill: ink.dim, 'fill-opacity': 0.16, stroke: ink.dim, 'stroke-opacity': 0.35, 'stroke-width': 0.75 },
  });

export const floorMark = (x: number, ink: Ink): SvgElement =>
  svgElement('path', {
    ...{ 'data-part': 'floor', d: `M${x} 1V${plotLineHeight - 1}`, stroke: ink.text },
    ...{ 'stroke-width': 1.4, 'stroke-dasharray': '2 2' },
  });

export function publishedMark(at: number, low: number, high: number, ink: Ink): SvgElement {
  const tick = svgElement('path', { d: `M${at} ${publishedY - 5}v10`, stroke: ink.text, 'stroke-width': 2.4 });
  const spread = low < high ? [whisker(low, high, publishedY, ink.dim, 1.2)] : [];
  return svgElement('g', { 'data-part': 'published' }, ...spread, tick);
}
