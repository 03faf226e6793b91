/**
 * Draws a table as a forest plot: for each cell the published number with its spread, the tolerance, our mean with its interval, and
 * the floor; then the gains of columns, and the test curves. Pure.
 */
import { conclusionTexts } from '#contract/conclusions';
import { plural } from '#contract/format';
import { contrastVerdicts, type TableState } from '#contract/tableState';
import { type Ink, paperInk } from './colors.ts';
import {
  floorMark,
  fontSize,
  forestPanel,
  gap,
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
import { madeText, tableFooter } from './tableFooter.ts';
import { tallyText } from './tableGrid.ts';
import { cellPanels, cellReasons, contrastPanels, contrastReasons, type Panel } from './tablePanels.ts';
import { textWidth, wrapped } from './textWidth.ts';
import { contrastLooks, type Look, markAt, verdictLooks } from './verdictLooks.ts';
import { weightCharts } from './weightCharts.ts';

export interface ForestPlotOptions {
  /** In pixels; text keeps its size. */
  width: number;
  ink: Ink;
  curves: TestCurves;
}

/** The plot from top to bottom, without the table's title and sources. */
export function forestPlotParts(state: TableState, { width, ink, curves }: ForestPlotOptions): PicturePart[] {
  const [cells, contrasts] = [cellPanels(state), contrastPanels(state)];
  const panels = [...cells, ...contrasts];
  const edges = plotEdges(panels, width);
  return [
    panels.length
      ? legend(cells, contrasts, width, ink)
      : paragraph('No cell of this table has a number yet.', width, ink.dim),
    ...panels.flatMap((panel) => forestPanel(panel, edges, width, ink)),
    ...weightCharts(state.weightsAndScore, width, ink),
    ...stepCurves(state, curves, width, ink),
    ...listed('Cells without a result', cellReasons(state), width, ink),
    ...listed('Columns that are not compared, and their other differences', contrastReasons(state), width, ink),
  ];
}

/** The plot's name and a summary for screen readers. */
export const forestPlotWords = ({ table, results }: TableState): { title: string; about: string } => ({
  title: `${table.title}, as a forest plot`,
  about: `${plural(results.length, 'cell')}: ${tallyText(results)}.`,
});

const font = "Inter, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";
const margin = 12;

/** The plot as an SVG file on white, with title, sources and date. `date` is printed unchanged. */
export function forestPlotSvg(
  state: TableState,
  curves: TestCurves,
  date: string,
): { svg: string; width: number; height: number } {
  const [width, ink] = [900, paperInk];
  const inner = width - 2 * margin;
  const parts = [
    paragraph(state.table.title, inner, ink.text, { size: 17, weight: 600 }),
    ...forestPlotParts(state, { width: inner, ink, curves }),
    ...[...conclusionTexts(state.contrasts), ''].map((text) => paragraph(text, inner, ink.text, { space: 4 })),
    ...[...tableFooter(state), madeText(state, date)].map((text) =>
      paragraph(text, inner, ink.dim, { size: 11, space: 0 }),
    ),
  ];
  let height = margin;
  const placed = parts.map((part) => {
    const element = movedDown(height, ...part.elements);
    height += part.height;
    return element;
  });
  height = Math.ceil(height + margin);
  const { title, about } = forestPlotWords(state);
  const plot = svgElement(
    'svg',
    {
      ...{ xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, 'font-family': font },
      ...{ role: 'img', 'aria-labelledby': 'forest-title', 'aria-describedby': 'forest-about' },
    },
    svgElement('title', { id: 'forest-title' }, title),
    svgElement('desc', { id: 'forest-about' }, about),
    svgElement('rect', { width, height, fill: ink.ground }),
    svgElement('g', { transform: `translate(${margin} 0)` }, ...placed),
  );
  return { svg: `${svgText(plot)}\n`, width, height };
}

/** A list with a title, one part for each entry; empty without entries. */
function listed(title: string, texts: readonly string[], width: number, ink: Ink): PicturePart[] {
  if (texts.length === 0) return [];
  const heading = paragraph(title, width, ink.text, { size: 14, weight: 600, space: 4 });
  return texts.map((text, i) => {
    const isLast = i === texts.length - 1;
    const { height, elements } = paragraph(text, width, ink.dim, { space: isLast ? gap : 0 });
    return i > 0
      ? { height, elements }
      : { height: heading.height + height, elements: [...heading.elements, movedDown(heading.height, ...elements)] };
  });
}

/** `space` is the number of pixels below the paragraph. */
function paragraph(
  text: string,
  width: number,
  fill: string,
  { size = fontSize, weight = 400, space = gap }: { size?: number; weight?: number; space?: number } = {},
): PicturePart {
  const lines = wrapped(text, width, size);
  const step = size + 5;
  return {
    height: lines.length * step + space,
    elements: lines.map((line, i) =>
      textAt(0, i * step + size, line, fill, { 'font-size': size, 'font-weight': weight }),
    ),
  };
}

/** Explains the marks that the panels use. */
function legend(cells: Panel[], contrasts: Panel[], width: number, ink: Ink): PicturePart {
  const linesOf = (panels: readonly Panel[]) => panels.flatMap(({ groups }) => groups.flatMap(({ lines }) => lines));
  const [cellLines, contrastLines] = [linesOf(cells), linesOf(contrasts)];
  const has = (part: 'published' | 'allowed' | 'floor') =>
    [...cellLines, ...contrastLines].some((line) => line[part] !== null);
  const marked = (looks: Record<string, Look>, names: readonly string[], lines: typeof cellLines) =>
    names.flatMap((name) => {
      const look = looks[name];
      const isUsed = lines.some((line) => line.look === look && line.ours);
      const text = name === 'no published number' && !has('published') ? 'ours' : name;
      return isUsed && look.shape ? [{ text, element: oursSample(look, ink) }] : [];
    });
  const items = [
    ...(has('published') ? [{ text: 'paper ± standard deviation', element: publishedMark(15, 4, 26, ink) }] : []),
    ...(has('allowed') ? [{ text: 'tolerance', element: toleranceBand(2, 28, ink) }] : []),
    ...(has('floor') ? [{ text: 'floor', element: floorMark(15, ink) }] : []),
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
  const place = has('published') ? 'Below the paper’s mark: our mean' : 'Mean';
  const ours = wrapped(`${place} with its 95 % interval. Shape and colour show the verdict.`, width, 11);
  const words = ours.map((line, i) => textAt(0, y + plotLineHeight + 13 + 16 * i, line, ink.dim, { 'font-size': 11 }));
  return { height: y + plotLineHeight + 16 * ours.length + gap, elements: [...elements, ...words] };
}

function oursSample({ tone, shape }: Look, ink: Ink): SvgElement {
  const color = ink.tone(tone);
  return svgElement('g', {}, whisker(2, 28, 12, color, 2), markAt(15, 12, shape!, { color, ground: ink.ground }));
}
