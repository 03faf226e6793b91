/**
 * Matrix products. A workgroup computes a tile of the result from strips of both operands in shared memory, and each thread
 * a smaller tile of it in registers. Elementwise work on the result follows before it is stored.
 */
import { type Node, nodeOf, sizeOf, type Value } from '../graph.ts';
import { literalOf } from './elementwise.ts';
import type { Group } from './groups.ts';
import { storeRoots } from './kernels.ts';
import { type Kernel, type KernelContext, KernelWriter } from './kernelWriter.ts';
import { kindOf } from './lowerings.ts';
import { indexBelow, type Layout, stridedView } from './views.ts';

/**
 * Rows and columns of a workgroup's tile, the depth of its strips, rows and columns of a thread's tile (multiples of 4), or of a
 * subgroup's on matrix units.
 */
export interface Tile {
  rows: number;
  columns: number;
  depth: number;
  threadRows: number;
  threadColumns: number;
}

export const tile = (
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
): Tile => ({
  ...{ rows, columns, depth, threadRows, threadColumns },
});
/** Largest first. */
const tiles: readonly Tile[] = [
  tile(128, 128, 16, 8, 8),
  tile(128, 64, 16, 8, 4),
  tile(64, 64, 16, 4, 4),
  tile(32, 64, 16, 4, 4),
  tile(32, 32, 32, 4, 4),
  tile(16, 64, 32, 4, 4),
];

/** A way to compute products. */
export interface ProductForm {
  /** Distinguishes its tiles in a memory of tiles. */
  name: string;
  /** Tiles that fit into the shared memory of a workgroup (in bytes), the largest first. */
  tilesWithin(shared: number): Tile[];
  kernel(group: Group, context: KernelContext, chosen: Tile): Kernel;
}

/** The fastest tiles on one adapter, which are kept between runs. */
export interface TileMemory {
  get(key: string): Tile | undefined;
  /** Called once after trials, with all known tiles. */
  save(found: ReadonlyMap<string, Tile>): void;
}

/** m × n results of k terms each, `batch` times. */
export interface ProductShape {
  batch: number;
  m: number;
  n: number;
  k: number;
  /** Whether an operand lies transposed in memory. */
  transA: boolean;
  transB: boolean;
}

const tilesOver = ({ batch, m, n }: ProductShape, { rows, columns }: Tile): number =>
  batch * Math.ceil(m / rows) * Math.ceil(n / columns);
/** The largest of `tiles` that wastes little and leaves work for a whole GPU, without a trial. */
export function likelyTile(shape: ProductShape, tiles: readonly Tile[]): Tile {
  const { batch, m, n } = shape;
  const enough = 96;
  const waste = (each: Tile) => (tilesOver(shape, each) * each.rows * each.columns) / (batch * m * n);
  const frugal = tiles.filter((each) => waste(each) <= 1.35 || each.rows * each.columns <= 1024);
  return frugal.find((each) => tilesOver(shape, each) >= enough) ?? frugal.at(-1) ?? tiles.at(-1)!;
}

export const productOf = ({ roots }: Group): Node => nodeOf(roots.find((v) => kindOf(nodeOf(v)!) === 'product')!)!;

export function shapeOfProduct(group: Group): ProductShape {
  const { inputs, attributes, outputs } = productOf(group);
  const [m, n] = outputs[0].shape.slice(-2);
  const k = inputs[0].shape.at(attributes.transA ? -2 : -1)!;
  const [transA, transB] = inputs
    .slice(0, 2)
    .map((v, side) => swapsAxes(v, Boolean(attributes[side === 0 ? 'transA' : 'transB'])));
  return { batch: sizeOf(outputs[0].shape.slice(0, -2)), m, n, k, transA, transB };
}

/** Whether an operand lies in memory as [k, m] or [n, k]. */
function swapsAxes(v: Value, isTransposed: boolean): boolean {
  const [rowStride, columnStride] = stridedView(v)?.strides.slice(-2) ?? [v.shape.at(-1), 1];
  return (rowStride === 1 && columnStride !== 1) !== isTransposed;
}

const factor = ({ attributes }: Node, key: string): number =>
  (attributes[key] as { float: number } | undefined)?.float ?? 1;

/** The way in which a product reads an operand as [batch, outer, k]. */
export interface Operand {
  /** Axis along which four elements lie next to each other: of the result, of the sum, or neither. */
  vectors: 'outer' | 'k' | null;
  /** Code before the loop, once for each batch. */
  prepare(): void;
  element(outer: string, k: string): string;
  vector(outer: string, k: string): string;
}

export function operandOf(
  w: KernelWriter,
  context: KernelContext,
  v: Value,
  name: string,
  isTransposed: boolean,
  { outer, k, batches }: { outer: number; k: number; batches: readonly number[] },
): Operand {
  const strided = stridedView(v);
  const isInMemory =
    strided && (!nodeOf(strided.root) || context.stored.has(strided.root)) && strided.root.source.kind !== 'splat';
  const own = v.shape.slice(0, -2);
  if (!isInMemory) {
    const dense: Layout = {
      shape: [...batches],
      strides: batches.map((_, axis) =>
        batchStride(
          own,
          own.map((_, a) => sizeOf(own.slice(a + 1)) * outer * k),
          batches,
          axis,
        ),
      ),
      offset: 0,
    };
    const index = (o: string, kk: string) =>
      `start + ${isTransposed ? `${kk} * ${outer}u + ${o}` : `${o} * ${k}u + ${kk}`}`;
    return {
      vectors: null,
      prepare() {
        w.define(`fn read_${name}(start: u32, o: u32, k: u32) -> f32`, () => {
          w.line(`return ${w.element(v, w.named(index('o', 'k')))};`);
        });
        w.line(`let start_${name} = ${indexBelow(dense, 'z')};`);
      },
      element: (o, kk) => `read_${name}(start_${name}, ${o}, ${kk})`,
      vector: () => '',
    };
  }
  const { root, strides, offset } = strided;
  const [outerStride, kStride] = isTransposed ? [strides.at(-1)!, strides.at(-2)!] : [strides.at(-2)!, strides.at(-1)!];
  const batchStrides = batches.map((_, axis) => batchStride(own, strides.slice(0, -2), batches, axis));
  const isAligned = (along: number, length: number, others: number[]) =>
    along === 1 && length % 4 === 0 && [...others, ...batchStrides, offset].every((stride) => stride % 4 === 0);
  const vectors =
    root.dtype !== 'float32'
      ? null
      : isAligned(kStride, k, [outerStride])
        ? 'k'
        : isAligned(outerStride, outer, [kStride])
          ? 'outer'
          : null;
  if (vectors) w.readVectors(root);
  const index = (o: string, kk: string) =>
    [`start_${name}`, times(o, outerStride), times(kk, kStride)].filter((term) => term !== '').join(' + ');
  return {
    vectors,
    prepare: () =>
      w.line(`let start_${name} = ${indexBelow({ shape: [...batches], strides: batchStrides, offset }, 'z')};`),
    element: (o, kk) => w.load(root, index(o, kk)),
    vector: (o, kk) => w.vectorAt(root, index(o, kk)),
  };
}

const times = (index: string, stride: number): string =>
  stride === 0 ? '' : stride === 1 ? index : `${index} * ${stride}u`;
/** The stride of an operand along an axis of the result's batch, which it may broadcast over. */
function batchStride(
  own: readonly number[],
  strides: readonly number[],
  batches: readonly number[],
  axis: number,
): number {
  const at = axis - (batches.length - own.length);
  return at < 0 || own[at] === 1 ? 0 : strides[at];
}

export const labelOf = ({ roots }: Group): string => [...new Set(roots.map((v) => nodeOf(v)!.op))].join(' ');

/** Defines `finish`, which takes element e of the product and stores what follows from it. */
export function defineFinish(w: KernelWriter, group: Group): void {
  const node = productOf(group);
  const [output] = node.outputs;
  const bias = node.inputs.at(2);
  const scale = factor(node, 'alpha');
  w.define('fn finish(e: u32, sum: f32)', () => {
    let result = scale === 1 ? 'sum' : `sum * ${literalOf(scale, 'float32')}`;
    if (bias) {
      const share = factor(node, 'beta');
      const term = w.element(bias, 'e', output.shape);
      result += ` + ${share === 1 ? term : `${term} * ${literalOf(share, 'float32')}`}`;
    }
    w.line(`let result = ${result};`);
    w.give(output, 'e', 'result');
    storeRoots(w, group.roots, 'e');
  });
}

/** A strip of vec4f; `stride` is the number of vectors from one k to the next. */
const inVectors = (strip: string, stride: number): Pick<Strip, 'put' | 'putVector'> => ({
  put: (kk, o, x) => `${strip}[${kk} * ${stride}u + ${o} / 4u][${o} % 4u] = ${x};`,
  putVector: (kk, o, x) => `${strip}[${kk} * ${stride}u + ${o} / 4u] = ${x};`,
});

/** Products in 32-bit floats, which every GPU has. */
export const fp32: ProductForm = {
  name: '',
  tilesWithin: (shared) => tiles.filter(({ rows, columns, depth }) => 4 * depth * (rows + 4 + columns) <= shared),
  kernel: productKernel,
};

function productKernel(group: Group, context: KernelContext, chosen: Tile): Kernel {
  const node = productOf(group);
  const [output] = node.outputs;
  const [a, b] = node.inputs;
  const { m, n, k } = shapeOfProduct(group);
  const { rows, columns, depth, threadRows, threadColumns } = chosen;
  const across = columns / threadColumns;
  const threads = across * (rows / threadRows);
  const batches = output.shape.slice(0, -2);
  const w = new KernelWriter(context, new Set(group.roots));
  const left = operandOf(w, context, a, 'a', Boolean(node.attributes.transA), { outer: m, k, batches });
  const right = operandOf(w, context, b, 'b', !node.attributes.transB, { outer: n, k, batches });
  const padded = rows / 4 + 1; // threads that write a column of the strip use different banks

  w.declare(`var<workgroup> strip_a: array<vec4f, ${depth * padded}>;`);
  w.declare(`var<workgroup> strip_b: array<vec4f, ${(depth * columns) / 4}>;`);
  defineFinish(w, group);
  w.line('let z = wid.z;');
  w.line(`let m0 = wid.y * ${rows}u;`);
  w.line(`let n0 = wid.x * ${columns}u;`);
  w.line(`let tx = lid % ${across}u;`);
  w.line(`let ty = lid / ${across}u;`);
  left.prepare();
  right.prepare();
  const [rowVectors, columnVectors] = [threadRows / 4, threadColumns / 4];
  for (let i = 0; i < threadRows; i++) for (let j = 0; j < columnVectors; j++) w.line(`var c${i}_${j} = vec4f();`);
  w.inside(`for (var k0 = 0u; k0 < ${k}u; k0 += ${depth}u)`, () => {
    const common = { depth, k, threads };
    fill(w, left, { ...common, ...inVectors('strip_a', padded), width: rows, from: 'm0', end: m });
    fill(w, right, { ...common, ...inVectors('strip_b', columns / 4), width: columns, from: 'n0', end: n });
    w.line('workgroupBarrier();');
    w.inside(`for (var kk = 0u; kk < ${depth}u; kk++)`, () => {
      for (let i = 0; i < rowVectors; i++)
        w.line(`let a${i} = strip_a[kk * ${padded}u + ty * ${rowVectors}u + ${i}u];`);
      for (let j = 0; j < columnVectors; j++)
        w.line(`let b${j} = strip_b[kk * ${columns / 4}u + ${j * across}u + tx];`);
      for (let i = 0; i < threadRows; i++)
        for (let j = 0; j < columnVectors; j++)
          w.line(`c${i}_${j} = fma(vec4f(a${i >> 2}[${i & 3}]), b${j}, c${i}_${j});`);
    });
    w.line('workgroupBarrier();');
  });
  // a loop over the results in registers, so that the elementwise work is compiled once instead of for each element
  const sums = Array.from({ length: threadRows * columnVectors }, (_, at) => {
    return `c${Math.floor(at / columnVectors)}_${at % columnVectors}`;
  });
  w.line(`var sums = array(${sums.join(', ')});`);
  w.inside(`for (var at = 0u; at < ${4 * sums.length}u; at++)`, () => {
    w.line(`let row = m0 + ty * ${threadRows}u + at / ${threadColumns}u;`);
    w.line(`let column = n0 + (at / 4u % ${columnVectors}u * ${across}u + tx) * 4u + at % 4u;`);
    w.inside(`if (row < ${m}u && column < ${n}u)`, () => {
      w.line(`finish((z * ${m}u + row) * ${n}u + column, sums[at / 4u][at % 4u]);`);
    });
  });
  return w.finish({
    label: labelOf(group),
    workgroupSize: threads,
    workgroups: [Math.ceil(n / columns), Math.ceil(m / rows), sizeOf(batches)],
  });
}

/** A strip of an operand in shared memory, [depth, width]. */
export interface Strip {
  width: number;
  /** First row or column of the tile, and the end of the result. */
  from: string;
  end: number;
  depth: number;
  k: number;
  threads: number;
  /** Statement that stores x at [kk, o]. */
  put(kk: string, o: string, x: string): string;
  /** Statements that store the four elements of x from [kk, o] on. */
  putVector(kk: string, o: string, x: string): string;
}

/** Loads a strip of an operand, zeros beyond its edges. */
export function fill(w: KernelWriter, operand: Operand, strip: Strip): void {
  const { width, from, end, depth, k, threads, put, putVector } = strip;
  const { vectors } = operand;
  const steps = (width * depth) / (vectors ? 4 : 1);
  const isWhole = end % width === 0;
  const guard = (conditions: (string | false)[]) => conditions.filter(Boolean).join(' && ') || 'true';
  w.inside(`for (var q = lid; q < ${steps}u; q += ${threads}u)`, () => {
    if (vectors === 'outer') {
      w.line(`let kk = q / ${width / 4}u;`);
      w.line(`let at = q % ${width / 4}u;`);
      w.line(`let o = ${from} + at * 4u;`);
      w.line('var x = vec4f();');
      w.inside(`if (${guard([!isWhole && `o < ${end}u`, k % depth !== 0 && `k0 + kk < ${k}u`])})`, () => {
        w.line(`x = ${operand.vector('o', '(k0 + kk)')};`);
      });
      w.line(putVector('kk', 'at * 4u', 'x'));
    } else if (vectors === 'k') {
      w.line(`let kk = q % ${depth / 4}u * 4u;`);
      w.line(`let at = q / ${depth / 4}u;`);
      w.line(`let o = ${from} + at;`);
      w.line('var x = vec4f();');
      w.inside(`if (${guard([!isWhole && `o < ${end}u`, k % depth !== 0 && `k0 + kk < ${k}u`])})`, () => {
        w.line(`x = ${operand.vector('o', '(k0 + kk)')};`);
      });
      for (let c = 0; c < 4; c++) w.line(put(`(kk + ${c}u)`, 'at', `x[${c}]`));
    } else {
      w.line(`let at = q % ${width}u;`);
      w.line(`let kk = q / ${width}u;`);
      w.line(`let o = ${from} + at;`);
      w.line('var x = 0.0;');
      w.inside(`if (${guard([!isWhole && `o < ${end}u`, k % depth !== 0 && `k0 + kk < ${k}u`])})`, () => {
        w.line(`x = ${operand.element('o', '(k0 + kk)')};`);
      });
      w.line(put('kk', 'at', 'x'));
    }
  });
}
