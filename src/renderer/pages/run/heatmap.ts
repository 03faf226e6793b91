/** Draws an attention map as cells and labels. Pure except for `paint`, which draws on a canvas. */
import { type Color, rampColor } from '../../chart/ramp.ts';

/** The layout of the picture, in CSS pixels. */
export interface HeatmapLayout {
  /** Side of a cell. */
  cell: number;
  /** Room for the labels on the left and above. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Labels have no room where cells are small. */
  labels: boolean;
}

const size = 400; // px, about, for the cells together
const character = 7;
const readable = 12; // smallest cell that a label fits beside
const margin = 8;

export function heatmapLayout(tokens: readonly string[]): HeatmapLayout {
  const t = tokens.length;
  const cell = Math.max(2, Math.min(40, Math.floor(size / t)));
  const labels = cell >= readable;
  const longest = Math.max(...tokens.map((token) => token.length));
  const left = labels ? longest * character + margin : 0;
  // horizontal if they fit above their cells, else rotated
  const top = labels ? (longest * character <= cell ? 18 : left) : 0;
  return { cell, left, top, width: left + t * cell, height: top + t * cell, labels };
}

/** The cell under a point, `[row, column]`; null outside the map. */
export function cellAt({ cell, left, top }: HeatmapLayout, t: number, x: number, y: number): [number, number] | null {
  const [row, column] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
  return row >= 0 && row < t && column >= 0 && column < t ? [row, column] : null;
}

/** From no weight to the largest, for both backgrounds. */
const ramps: Record<'light' | 'dark', readonly Color[]> = {
  light: [
    [246, 249, 250],
    [123, 202, 226],
    [10, 74, 97],
  ],
  dark: [
    [19, 26, 33],
    [31, 135, 171],
    [215, 236, 243],
  ],
};

/** The colour of a weight between 0 and the largest. */
export const cellColor = (weight: number, most: number, scheme: 'light' | 'dark'): string =>
  rampColor(ramps[scheme], weight / (most || 1));

const inks = { light: { text: '#434f5a', ground: '#ffffff' }, dark: { text: '#b8c4ce', ground: '#1b242d' } };

/** Paints a map [t, t] on an opaque background. */
export function paint(
  context: CanvasRenderingContext2D,
  map: Float32Array,
  tokens: readonly string[],
  layout: HeatmapLayout,
  scheme: 'light' | 'dark',
): void {
  const { cell, left, top, width, height, labels } = layout;
  const t = tokens.length;
  const gap = cell >= readable ? 1 : 0;
  const most = map.reduce((a, b) => Math.max(a, b), 0);
  context.fillStyle = inks[scheme].ground;
  context.fillRect(0, 0, width, height);
  map.forEach((weight, i) => {
    context.fillStyle = cellColor(weight, most, scheme);
    context.fillRect(left + (i % t) * cell, top + Math.floor(i / t) * cell, cell - gap, cell - gap);
  });
  if (!labels) return;
  context.fillStyle = inks[scheme].text;
  context.font = '12px ui-monospace, "DejaVu Sans Mono", Menlo, monospace';
  context.textBaseline = 'middle';
  const turned = top === left;
  for (const [i, token] of tokens.entries()) {
    const middle = (i + 0.5) * cell;
    context.textAlign = 'right';
    context.fillText(token, left - margin / 2, top + middle);
    context.save();
    context.translate(left + middle, top - (turned ? margin / 2 : 9));
    if (turned) context.rotate(-Math.PI / 2);
    context.textAlign = turned ? 'left' : 'center';
    context.fillText(token, 0, 0);
    context.restore();
  }
}
