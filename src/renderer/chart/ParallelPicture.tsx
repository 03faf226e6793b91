/** The drawing of parallel coordinates, for the screen and for files: it carries its own colours and fonts. */
import { linePath, type PlacedAxis } from './parallel.ts';
import { type Color, rampColor } from './ramp.ts';

export interface DrawnLine {
  id: string;
  label: string;
  /** 0 for the worst result, 1 for the best; null without one. */
  share: number | null;
}

export interface ParallelPictureProps {
  /** The last axis shows the results. */
  axes: readonly PlacedAxis[];
  lines: readonly DrawnLine[];
  /** Pixels, at least {@link leastPictureWidth}. */
  width: number;
  /** Length of an axis in pixels. */
  height: number;
  scheme: 'light' | 'dark';
  /** The id of the highlighted line. */
  at: string | null;
  title: string;
  /** For a file: with a background and the title above. */
  isFile?: boolean;
  onHover?(id: string | null): void;
  onChoose?(id: string): void;
}

const inks = {
  light: { text: '#434f5a', axis: '#8d9ba6', none: '#8d9ba6', ground: '#ffffff' },
  dark: { text: '#b8c4ce', axis: '#5f6f7c', none: '#5f6f7c', ground: '#131a21' },
};
/** From the worst result to the best: viridis with its ends changed, so that lines show on both backgrounds. */
const ramps: Record<'light' | 'dark', readonly Color[]> = {
  light: [
    [68, 1, 84],
    [33, 145, 140],
    [222, 158, 20],
  ],
  dark: [
    [150, 110, 215],
    [45, 178, 170],
    [253, 231, 37],
  ],
};
const [top, bottom, letter, boldLetter, longest] = [40, 14, 6.6, 7, 22];
/** Least pixels between two axes; closer axes make all lines look parallel. */
const leastGap = 48;
const titleHeight = 34;

const shortly = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
const marksWidth = ({ ticks }: PlacedAxis): number =>
  Math.max(20, ...ticks.map(({ text }) => shortly(text).length * letter)) + 14;
const halfName = ({ label }: PlacedAxis): number =>
  (Math.max(...twoLines(label).map((name) => name.length)) * boldLetter) / 2;
const edge = (axis: PlacedAxis): number => Math.max(marksWidth(axis), halfName(axis));

/** Room left of each axis for its tick labels and names; the last axis has them on the right. */
const rooms = (axes: readonly PlacedAxis[]): number[] =>
  axes.map((axis, k) => {
    if (k === 0) return edge(axis);
    const marks = k === axes.length - 1 ? 0 : marksWidth(axis) + 2;
    return Math.max(leastGap, marks, halfName(axes[k - 1]) + halfName(axis) + 8);
  });

export const leastPictureWidth = (axes: readonly PlacedAxis[]): number =>
  rooms(axes).reduce((sum, room) => sum + room, 0) + edge(axes[axes.length - 1]);

/** The x of each axis: as far apart as their tick labels need, with the remaining room shared among the gaps. */
function placesOf(axes: readonly PlacedAxis[], width: number): number[] {
  const gaps = rooms(axes);
  const extra = Math.max(0, width - leastPictureWidth(axes)) / Math.max(1, axes.length - 1);
  let x = 0;
  return gaps.map((room, k) => {
    x += room + (k > 0 ? extra : 0);
    return x;
  });
}

export function ParallelPicture(props: ParallelPictureProps) {
  const { axes, lines, height, scheme, at, title, isFile = false, onHover, onChoose } = props;
  const width = Math.max(props.width, leastPictureWidth(axes));
  const xs = placesOf(axes, width);
  const ink = inks[scheme];
  const above = isFile ? titleHeight : 0;
  const colorOf = ({ share }: DrawnLine) => (share === null ? ink.none : rampColor(ramps[scheme], share));
  const drawn = lines.map((line, i) => ({ line, path: linePath(axes, xs, i) }));
  // the best lines are drawn above the others, and the highlighted line above all
  const order = [...drawn].sort(
    (a, b) => Number(a.line.id === at) - Number(b.line.id === at) || (a.line.share ?? -1) - (b.line.share ?? -1),
  );
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      role="img"
      aria-label={title}
      width={width}
      height={height + top + bottom + above}
      viewBox={`0 0 ${width} ${height + top + bottom + above}`}
      fontFamily="Inter, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"
      fontSize={12}
      style={{ display: 'block' }}
    >
      {isFile && (
        <>
          <rect width="100%" height="100%" fill={ink.ground} />
          <text x={14} y={24} fontSize={16} fontWeight={600} fill={ink.text}>
            {title}
          </text>
        </>
      )}
      <g transform={`translate(0 ${top + above})`}>
        <g fill="none" strokeLinejoin="round">
          {order.map(({ line, path }) => (
            <path
              key={line.id}
              data-line={line.id}
              d={path}
              stroke={colorOf(line)}
              strokeWidth={line.id === at ? 3 : 1.6}
              strokeOpacity={at === null || line.id === at ? 0.9 : 0.15}
              strokeDasharray={line.share === null ? '4 4' : undefined}
            />
          ))}
        </g>
        {axes.map((axis, k) => (
          <AxisMarks
            key={axis.label}
            axis={axis}
            x={xs[k]}
            height={height}
            ink={ink}
            isLast={k > 0 && k === axes.length - 1}
          />
        ))}
        {onHover && (
          <g fill="none" stroke="transparent" strokeWidth={12} pointerEvents="stroke">
            {order.map(({ line, path }) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the element around the picture handles keys for all lines
              <path
                key={line.id}
                d={path}
                style={{ cursor: 'pointer' }}
                onPointerEnter={() => onHover(line.id)}
                onPointerLeave={() => onHover(null)}
                onClick={() => onChoose?.(line.id)}
              />
            ))}
          </g>
        )}
      </g>
    </svg>
  );
}

interface AxisMarksProps {
  axis: PlacedAxis;
  x: number;
  height: number;
  ink: (typeof inks)['light'];
  isLast: boolean;
}

/** An axis with its name above and its tick labels beside it; the last axis has them on its right, where no line is. */
function AxisMarks({ axis: { label, ticks }, x, height, ink, isLast }: AxisMarksProps) {
  const side = isLast ? 1 : -1;
  const names = twoLines(label);
  return (
    <g>
      <path d={`M${x} 0V${height}`} stroke={ink.axis} strokeWidth={1.5} />
      {names.map((name, i) => (
        <text
          key={name}
          x={x}
          y={-12 - 15 * (names.length - 1 - i)}
          textAnchor="middle"
          fontWeight={600}
          fill={ink.text}
        >
          {name}
        </text>
      ))}
      {ticks.map(({ y, text }) => (
        <g key={y}>
          <path d={`M${x} ${y}h${5 * side}`} stroke={ink.axis} />
          <text
            x={x + 9 * side}
            y={y + 4}
            textAnchor={isLast ? 'start' : 'end'}
            fill={ink.text}
            stroke={ink.ground}
            strokeWidth={6}
            strokeLinejoin="round"
            paintOrder="stroke"
          >
            {shortly(text)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** A label in at most two lines of about the same length. */
function twoLines(label: string): string[] {
  const words = label.split(' ');
  if (label.length <= 8 || words.length < 2) return [label];
  const lengths = words.map((_, i) => Math.abs(words.slice(0, i).join(' ').length - label.length / 2));
  const split = Math.max(1, lengths.indexOf(Math.min(...lengths.slice(1))));
  return [words.slice(0, split).join(' '), words.slice(split).join(' ')];
}
