/**
 * Reshape, Transpose, Slice, Split and Expand do not move data: they become index arithmetic in the kernels that read their
 * results. A view maps the linear index of an element to the index of the same element in the value below it.
 */
import { nodeOf, sameShape, sizeOf, type Value } from '../graph.ts';

/** Element (c₀, c₁, …) of `shape` lies at offset + Σ cₖ·strideₖ. */
export interface Layout {
  shape: number[];
  strides: number[];
  offset: number;
}

export interface ElementView {
  /** The value below all views. */
  root: Value;
  /** From the linear index of the view to that of the root, applied from the last to the first. Empty: the same index. */
  layouts: Layout[];
}

const stridesOf = (shape: readonly number[]): number[] => shape.map((_, k) => sizeOf(shape.slice(k + 1)));
const dense = (shape: readonly number[]): Layout => ({ shape: [...shape], strides: stridesOf(shape), offset: 0 });

/** The integers of a constant operand such as axes or bounds. */
export const integersOf = ({ source }: Value): number[] => {
  if (source.kind !== 'const') throw new Error('internal: a list of integers is not constant');
  return Array.from(source.data as ArrayLike<number | bigint>, Number);
};

type Move = (at: Layout, value: Value) => Layout | null;
const moves: Record<string, Move> = {
  Reshape: (at, { shape }) => reshaped(at, shape),
  Transpose: ({ shape, strides, offset }, value) => {
    const perm = nodeOf(value)!.attributes.perm as number[];
    return { shape: perm.map((p) => shape[p]), strides: perm.map((p) => strides[p]), offset };
  },
  Slice: (at, value) => {
    const [starts, , axes] = nodeOf(value)!.inputs.slice(1).map(integersOf);
    return cut(at, value.shape, (axis) => starts[axes.indexOf(axis)] ?? 0);
  },
  Split: (at, value) => {
    const node = nodeOf(value)!;
    const index = node.outputs.indexOf(value);
    const start = integersOf(node.inputs[1])
      .slice(0, index)
      .reduce((a, b) => a + b, 0);
    return cut(at, value.shape, (axis) => (axis === node.attributes.axis ? start : 0));
  },
  Expand: (at, { shape }) => expanded(at, shape),
};

/** Whether an operator only moves elements. */
export const isView = (v: Value): boolean => (nodeOf(v)?.op ?? '') in moves;

const cut = ({ strides, offset }: Layout, shape: readonly number[], startOf: (axis: number) => number): Layout => ({
  shape: [...shape],
  strides,
  offset: strides.reduce((sum, stride, axis) => sum + startOf(axis) * stride, offset),
});

function expanded(at: Layout, shape: readonly number[]): Layout {
  const added = shape.length - at.shape.length;
  const strides = shape.map((_, axis) => {
    const from = axis - added;
    return from < 0 || at.shape[from] === 1 ? 0 : at.strides[from];
  });
  return { shape: [...shape], strides, offset: at.offset };
}

/** The same elements in the same order under another shape; null if no strides describe that. */
function reshaped(at: Layout, shape: readonly number[]): Layout | null {
  const { shape: sizes, strides: steps, offset } = simplified(at);
  const strides: number[] = [];
  let axis = sizes.length - 1;
  let left = sizes[axis] ?? 1;
  let step = steps[axis] ?? 0;
  for (const size of [...shape].reverse()) {
    if (size === 1) {
      strides.unshift(0);
      continue;
    }
    if (left === 1 && axis > 0) {
      axis--;
      [left, step] = [sizes[axis], steps[axis]];
    }
    if (left % size !== 0) return null;
    strides.unshift(step);
    left /= size;
    step *= size;
  }
  return { shape: [...shape], strides, offset };
}

/** Removes axes of size 1, and merges axes that are contiguous in memory. */
function simplified({ shape, strides, offset }: Layout): Layout {
  const sizes: number[] = [];
  const steps: number[] = [];
  shape.forEach((size, k) => {
    if (size === 1) return;
    const before = sizes.length - 1;
    if (before >= 0 && steps[before] === size * strides[k]) {
      sizes[before] *= size;
      steps[before] = strides[k];
    } else {
      sizes.push(size);
      steps.push(strides[k]);
    }
  });
  return { shape: sizes, strides: steps, offset };
}

const keepsIndex = ({ shape, strides, offset }: Layout): boolean =>
  offset === 0 && (shape.length === 0 || (shape.length === 1 && strides[0] === 1));

/** Layouts of a value, its own axes kept in the last one. */
function layoutsOf(v: Value): { root: Value; layouts: Layout[] } {
  if (!isView(v)) return { root: v, layouts: [dense(v.shape)] };
  const { root, layouts } = layoutsOf(nodeOf(v)!.inputs[0]);
  const moved = moves[nodeOf(v)!.op](layouts.at(-1)!, v);
  return moved ? { root, layouts: [...layouts.slice(0, -1), moved] } : { root, layouts: [...layouts, dense(v.shape)] };
}

/** How a value, broadcast to a shape, reads the value below all views. */
export function viewOf(v: Value, shape: readonly number[] = v.shape): ElementView {
  const { root, layouts } = layoutsOf(v);
  if (!sameShape(v.shape, shape) && sizeOf(shape) !== sizeOf(v.shape))
    layouts[layouts.length - 1] = expanded(layouts.at(-1)!, shape);
  return { root, layouts: layouts.map(simplified).filter((layout) => !keepsIndex(layout)) };
}

/** The value below all views. */
export const rootOf = (v: Value): Value => (isView(v) ? rootOf(nodeOf(v)!.inputs[0]) : v);

/** The layout by which a value with its own axes reads its root; null if it takes several. */
export function stridedView(v: Value): (Layout & { root: Value }) | null {
  const { root, layouts } = layoutsOf(v);
  return layouts.length === 1 ? { root, ...layouts[0] } : null;
}

/** WGSL of the index below a layout, of the element whose linear index is the name `i`. */
export function indexBelow({ shape, strides, offset }: Layout, i: string): string {
  const terms = shape.flatMap((size, k) => {
    if (strides[k] === 0) return [];
    const after = sizeOf(shape.slice(k + 1));
    const coordinate = [i, after > 1 && ` / ${after}u`, k > 0 && ` % ${size}u`].filter(Boolean).join('');
    return [strides[k] === 1 ? coordinate : `(${coordinate}) * ${strides[k]}u`];
  });
  if (offset > 0) terms.push(`${offset}u`);
  return terms.join(' + ') || '0u';
}
