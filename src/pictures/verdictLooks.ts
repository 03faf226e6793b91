/** Colour and shape of every verdict; the shapes alone tell them apart. Pure. */
import type { ContrastVerdict } from '#contract/tableState';
import type { Tone } from './colors.ts';
import { type SvgElement, svgElement } from './svg.ts';
import type { ShownVerdict } from './tableGrid.ts';

type Shape = 'disc' | 'ring' | 'up' | 'down' | 'cross' | 'square' | 'open square' | 'open diamond' | 'plus';
export interface Look {
  tone: Tone;
  /** Null if nothing is drawn. */
  shape: Shape | null;
}

export const verdictLooks: Record<ShownVerdict, Look> = {
  reproduced: { tone: 'good', shape: 'disc' },
  better: { tone: 'busy', shape: 'up' },
  'not reproduced': { tone: 'bad', shape: 'cross' },
  "can't tell yet": { tone: 'warning', shape: 'ring' },
  'at the floor': { tone: 'waiting', shape: 'square' },
  'not compared': { tone: 'waiting', shape: 'plus' },
  'no published number': { tone: 'waiting', shape: 'open square' },
  'scaled down': { tone: 'waiting', shape: 'open diamond' },
  'not run here': { tone: 'waiting', shape: null },
};

export const contrastLooks: Record<ContrastVerdict, Look> = {
  helps: { tone: 'good', shape: 'up' },
  harms: { tone: 'bad', shape: 'down' },
  'no difference': { tone: 'busy', shape: 'disc' },
  "can't tell yet": { tone: 'warning', shape: 'ring' },
  'not compared': { tone: 'waiting', shape: null },
};

/** SVG paths of the shapes, centred on (0, 0) and about ten pixels wide. */
const outlines: Record<Shape, string> = {
  disc: 'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z',
  ring: 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  up: 'M0 -5.5L5 4H-5Z',
  down: 'M0 5.5L5 -4H-5Z',
  cross: 'M-4 -4L4 4M-4 4L4 -4',
  square: 'M-4 -4H4V4H-4Z',
  'open square': 'M-4 -4H4V4H-4Z',
  plus: 'M-5 0H5M0 -5V5',
  'open diamond': 'M0 -5.5L5.5 0L0 5.5L-5.5 0Z',
};
const filled: readonly Shape[] = ['disc', 'up', 'down', 'square'];

/** The mark at (x, y); an open one shows the ground. */
export function markAt(
  x: number,
  y: number,
  shape: Shape,
  { color, ground }: { color: string; ground: string },
): SvgElement {
  return svgElement('path', {
    ...{ d: outlines[shape], transform: `translate(${x.toFixed(1)} ${y})`, 'data-mark': shape },
    ...{
      fill: filled.includes(shape) ? color : ground,
      stroke: color,
      'stroke-width': ['cross', 'plus'].includes(shape) ? 2.4 : 1.6,
    },
  });
}
