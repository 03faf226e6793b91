/**
 * A table to look at instead of reading: per cell the published number with its spread, the tolerance around it, ours with its
 * interval and the floor; then what columns gain over each other, and the curves behind the numbers. Pure.
 */
import { plural } from '#contract/format';
import { contrastVerdicts, type TableState } from '#contract/tableState';
import { type Ink, paperInk } from './colors.ts';
import {
  floorMark,
  fontSize,
  forestPanel,
  type PicturePart,
  plotEdges,
  plotLineHeight,
  publishedMark,
  textAt,
  toleranceBand,
  whisker,
} from './forestPanel.ts';
import { stepCurves, type TestCurves } from './stepCurves.ts';
import { movedDown, type SvgElement, svgElement, svgText } from './svg.ts';
import { tableFooter } from './tableFooter.ts';
import { tallyText } from './tableGrid.ts';
import { cellPanels, cellReasons, contrastPanels, contrastReasons, type Panel } from './tablePanels.ts';
import { textWidth, wrapped } from './textWidth.ts';
import { contrastLooks, type Look, markAt, verdictLooks } from './verdictLooks.ts';

export interface ForestPlotOptions {
  /** In pixels; text keeps its size. */
  width: number;
  ink: Ink;
  curves: TestCurves;
  /** With the table's title above, and sources and this date below; null: neither, since the page has them. */
  date: string | null;
}

const margin = 12;
const gap = 18;
const font = "Inter, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";

export function forestPlot(state: TableState, { width, ink, curves, date }: ForestPlotOptions): SvgElement {
  const { table, results } = state;
  const inner = width - 2 * margin;
  const panels = { cells: cellPanels(state), contrasts: contrastPanels(state) };
  const all = [...panels.cells, ...panels.contrasts];
  const edges = plotEdges(all, inner);
  const draw = (panel: Panel): PicturePart => forestPanel(panel, edges, inner, ink);
  const steps = stepCurves(state, curves, inner, ink);
  const parts: PicturePart[] = [
    ...(date === null ? [] : [paragraph([table.title], inner, ink.text, 17, 600)]),
    ...(all.length
      ? [legend(panels, inner, ink)]
      : [paragraph(['No cell of this table has a number yet.'], inner, ink.dim)]),
    ...all.map(draw),
    ...(steps ? [steps] : []),
    ...listed('Cells that cannot run here, or have no number yet', cellReasons(state), inner, ink),
    ...listed('Columns that are not compared, and what else they differ in', contrastReasons(state), inner, ink),
    ...(date === null ? [] : [paragraph(tableFooter(state, date), inner, ink.dim, 11)]),
  ];
  let y = margin;
  const placed = parts.map(({ height, elements }) => {
    const part = movedDown(y, ...elements);
    y += height + gap;
    return part;
  });
  const height = Math.ceil(y - gap + margin);
  return svgElement(
    'svg',
    {
      ...{ xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, 'font-family': font },
      ...{ role: 'img', 'aria-labelledby': 'forest-title', 'aria-describedby': 'forest-about' },
    },
    svgElement('title', { id: 'forest-title' }, `${table.title}, as a forest plot`),
    svgElement('desc', { id: 'forest-about' }, `${plural(results.length, 'cell')}: ${tallyText(results)}.`),
    svgElement('rect', { width, height, fill: ink.ground }),
    svgElement('g', { transform: `translate(${margin} 0)` }, ...placed),
  );
}

/** The plot as a file, on white; `date` as it shall be printed. */
export function forestPlotSvg(
  state: TableState,
  curves: TestCurves,
  date: string,
): { svg: string; width: number; height: number } {
  const plot = forestPlot(state, { width: 900, ink: paperInk, curves, date });
  return { svg: `${svgText(plot)}\n`, width: Number(plot.attributes.width), height: Number(plot.attributes.height) };
}

/** A titled list; nothing without lines. */
function listed(title: string, lines: readonly string[], width: number, ink: Ink): PicturePart[] {
  if (lines.length === 0) return [];
  const [head, body] = [paragraph([title], width, ink.text, 14, 600), paragraph(lines, width, ink.dim)];
  return [
    {
      height: head.height + body.height + 4,
      elements: [...head.elements, movedDown(head.height + 4, ...body.elements)],
    },
  ];
}

function paragraph(texts: readonly string[], width: number, fill: string, size = fontSize, weight = 400): PicturePart {
  const lines = texts.flatMap((text) => wrapped(text, width, size));
  const step = size + 5;
  return {
    height: lines.length * step,
    elements: lines.map((line, i) =>
      textAt(0, i * step + size, line, fill, { 'font-size': size, 'font-weight': weight }),
    ),
  };
}

/** What the marks mean, of those that the panels have. */
function legend({ cells, contrasts }: { cells: Panel[]; contrasts: Panel[] }, width: number, ink: Ink): PicturePart {
  const linesOf = (panels: readonly Panel[]) => panels.flatMap(({ groups }) => groups.flatMap(({ lines }) => lines));
  const [cellLines, contrastLines] = [linesOf(cells), linesOf(contrasts)];
  const marked = (looks: Record<string, Look>, names: readonly string[], lines: typeof cellLines) =>
    names.flatMap((name) => {
      const look = looks[name];
      const isUsed = lines.some((line) => line.look === look && line.ours);
      return isUsed && look.shape ? [{ text: name, element: oursSample(look, ink) }] : [];
    });
  const has = (part: 'published' | 'allowed' | 'floor') =>
    [...cellLines, ...contrastLines].some((line) => line[part] !== null);
  const items = [
    ...(has('published') ? [{ text: 'paper ± standard deviation', element: publishedMark(15, 4, 26, ink) }] : []),
    ...(has('allowed') ? [{ text: 'tolerance', element: toleranceBand(2, 28, ink) }] : []),
    ...(has('floor') ? [{ text: 'floor: guessing', element: floorMark(15, ink) }] : []),
    ...marked(verdictLooks, Object.keys(verdictLooks), cellLines),
    ...marked(contrastLooks, contrastVerdicts, contrastLines),
  ].filter(({ text }, i, list) => list.findIndex((other) => other.text === text) === i);
  let [x, y] = [0, 0];
  const elements = items.map(({ text, element }) => {
    const length = 36 + textWidth(text) + 14;
    if (x > 0 && x + length > width) [x, y] = [0, y + plotLineHeight];
    const item = svgElement('g', { transform: `translate(${x} ${y})` }, element, textAt(36, 16, text, ink.text));
    x += length;
    return item;
  });
  const ours = wrapped(
    'Ours lies below the paper’s mark: mean with its 95 % interval, its shape and colour by verdict.',
    width,
    11,
  );
  const words = ours.map((line, i) => textAt(0, y + plotLineHeight + 13 + 16 * i, line, ink.dim, { 'font-size': 11 }));
  return { height: y + plotLineHeight + 16 * ours.length, elements: [...elements, ...words] };
}

function oursSample({ tone, shape }: Look, ink: Ink): SvgElement {
  const color = ink.tone(tone);
  return svgElement('g', {}, whisker(2, 28, 12, color, 2), markAt(15, 12, shape!, { color, ground: ink.ground }));
}
