/**
 * The table that turns tfjs kernels into nodes, one row per kernel. Tracing a kernel without a row throws an error that names
 * it. A row must compute what the eager kernel computes; tests run every row both ways.
 */
import * as tf from '@tensorflow/tfjs-core';
import { PermafrostError } from '#contract/errors';
import { type Tracer, tracerName } from './backend.ts';
import { broadcastShape, type Graph, sizeOf, splatOf, type Value, type ValueType } from './graph.ts';

// biome-ignore lint/suspicious/noExplicitAny: attributes are typed per kernel by tfjs, not here
type Attributes = any;
type Inputs = Record<string, Value>;
type Lowering = (g: Graph, inputs: Inputs, attributes: Attributes) => Value | readonly Value[];

const axesOf = (axis: number | number[], x: Value) => tf.util.parseAxisParam(axis, [...x.shape]);
const axisOf = (axis: number | number[], x: Value) => axesOf(axis, x)[0];
const compare = (g: Graph, op: string, x: Value) => g.binary(op, x, g.splat(0, [], x.dtype), 'bool');
const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at);

const unary =
  (op: string, dtype?: ValueType): Lowering =>
  (g, { x }) =>
    g.unary(op, x, dtype);
const binary =
  (op: string, dtype?: ValueType): Lowering =>
  (g, { a, b }) =>
    g.binary(op, a, b, dtype);
const reduction =
  (op: string): Lowering =>
  (g, { x }, { axis, reductionIndices, keepDims }) =>
    g.reduce(op, x.dtype === 'bool' ? g.cast(x, 'int32') : x, axesOf(axis ?? reductionIndices, x), Boolean(keepDims));
const argReduction =
  (op: string): Lowering =>
  (g, { x }, { axis }) => {
    const at = axisOf(axis, x);
    const [index] = g.node(op, [g.full(x)], [[without(x.shape, at), 'int64']], { axis: at, keepdims: 0 });
    return g.cast(index, 'int32');
  };
/** One float32 operator along an axis. */
const along =
  (op: string, key: string): Lowering =>
  (g, inputs, attributes) => {
    const x = inputs.logits;
    return g.node(op, [g.full(x)], [[x.shape, x.dtype]], { axis: axisOf(attributes[key] ?? -1, x) })[0];
  };

function slice(g: Graph, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const axes = x.shape.map((_, i) => i).filter((i) => begin[i] !== 0 || size[i] !== x.shape[i]);
  if (axes.length === 0) return x;
  const value = splatOf(x);
  if (value !== undefined) return g.splat(value, size, x.dtype);
  const [starts, ends] = [axes.map((i) => begin[i]), axes.map((i) => begin[i] + size[i])];
  return g.node('Slice', [x, g.ints(starts), g.ints(ends), g.ints(axes)], [[size, x.dtype]])[0];
}

function concat(g: Graph, parts: readonly Value[], axis: number): Value {
  const filled = parts.filter((v) => sizeOf(v.shape) > 0);
  if (filled.length <= 1) return filled[0] ?? parts[0];
  const shape = [...filled[0].shape];
  shape[axis] = filled.reduce((n, v) => n + v.shape[axis], 0);
  return g.node(
    'Concat',
    filled.map((v) => g.full(v)),
    [[shape, filled[0].dtype]],
    { axis },
  )[0];
}

function split(g: Graph, x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1) return [x];
  const outputs = sizes.map((n) => [x.shape.map((d, i) => (i === axis ? n : d)), x.dtype] as const);
  return g.node('Split', [g.full(x), g.ints(sizes)], outputs, { axis });
}

/** Images are [b, c, h, w] in ONNX and [b, h, w, c] in tfjs. Filters in tfjs are [h, w, in, out]. */
const channelsFirst = [0, 3, 1, 2];
const channelsLast = [0, 2, 3, 1];

/** Strides and padding of a window, as attributes of an ONNX node. */
function windowOf({ padInfo, strideHeight, strideWidth }: tf.backend_util.Conv2DInfo) {
  const { top, left, bottom, right } = padInfo;
  return { strides: [strideHeight, strideWidth], pads: [top, left, bottom, right] };
}
type Shape4 = [number, number, number, number];
/** Sizes of a convolution. Throws a RangeError for images with channels first. */
function convolution(
  x: readonly number[],
  filter: readonly number[],
  { strides, dilations, pad, ...rest }: Attributes,
) {
  if (rest.dataFormat === 'NCHW') throw new RangeError('images with channels first have no lowering');
  const info = tf.backend_util.computeConv2DInfo(
    ...([[...x], [...filter]] as [Shape4, Shape4]),
    ...([strides, dilations ?? 1, pad, rest.dimRoundingMode] as const),
  );
  return { info, dilations: [info.dilationHeight, info.dilationWidth], ...windowOf(info) };
}

/** x [b, h, w, c] → the largest value of each window and its position in x, both with channels first. */
function maxPool(g: Graph, x: Value, { filterSize, strides, pad, dimRoundingMode }: Attributes): readonly Value[] {
  const info = tf.backend_util.computePool2DInfo([...x.shape] as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
  const shape = [info.batchSize, info.inChannels, info.outHeight, info.outWidth];
  const kernel_shape = [info.filterHeight, info.filterWidth];
  const images = g.full(g.transpose(x, channelsFirst));
  const outputs = [[shape, 'float32'] as const, [shape, 'int64'] as const];
  return g.node('MaxPool', [images], outputs, { kernel_shape, ...windowOf(info) });
}

/** Rows of tfjs kernels. */
export const lowerings: Record<string, Lowering> = {
  // shape only
  Identity: (_, { x }) => x,
  Reshape: (g, { x }, { shape }) => g.reshape(x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ExpandDims: (g, { input: x }, { dim }) => {
    const at = dim < 0 ? x.shape.length + dim + 1 : dim;
    return g.reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  },
  Transpose: (g, { x }, { perm }) => g.transpose(x, perm),
  Cast: (g, { x }, { dtype }) => g.cast(x, dtype),
  BroadcastTo: (g, { x }, { shape }) => g.expand(x, shape),

  // elementwise, two operands
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  SquaredDifference: (g, { a, b }) => {
    const d = g.binary('Sub', a, b);
    return g.binary('Mul', d, d);
  },
  Greater: binary('Greater', 'bool'),
  GreaterEqual: binary('GreaterOrEqual', 'bool'),
  Less: binary('Less', 'bool'),
  LessEqual: binary('LessOrEqual', 'bool'),
  Equal: binary('Equal', 'bool'),
  NotEqual: (g, { a, b }) => g.unary('Not', g.binary('Equal', a, b, 'bool')),
  LogicalAnd: binary('And', 'bool'),
  LogicalOr: binary('Or', 'bool'),
  AddN: (g, inputs) => Object.values(inputs).reduce((a, b) => g.binary('Add', a, b)),

  // elementwise, one operand
  ...Object.fromEntries(
    ['Neg', 'Exp', 'Log', 'Tanh', 'Sigmoid', 'Relu', 'Sqrt', 'Abs', 'Floor', 'Ceil', 'Round'].map((op) => [
      op,
      unary(op),
    ]),
  ),
  ...Object.fromEntries(['Reciprocal', 'Erf', 'Sin', 'Cos', 'Softplus'].map((op) => [op, unary(op)])),
  Square: (g, { x }) => g.binary('Mul', x, x),
  Rsqrt: (g, { x }) => g.unary('Reciprocal', g.unary('Sqrt', x)),
  LogicalNot: unary('Not', 'bool'),
  IsNan: unary('IsNaN', 'bool'),
  Sign: (g, { x }) => {
    const below = g.where(compare(g, 'Less', x), g.splat(-1, [], x.dtype), g.splat(0, [], x.dtype));
    return g.where(compare(g, 'Greater', x), g.splat(1, [], x.dtype), below); // 0 at NaN, where ONNX's Sign has NaN
  },
  Step: (g, { x }, { alpha }) => {
    const below = g.where(compare(g, 'LessOrEqual', x), g.splat(alpha ?? 0), x); // NaN is neither, and stays
    return g.where(compare(g, 'Greater', x), g.splat(1), below);
  },
  ClipByValue: (g, { x }, { clipValueMin, clipValueMax }) =>
    g.binary('Min', g.binary('Max', x, g.splat(clipValueMin)), g.splat(clipValueMax)),
  Select: (g, { condition, t, e }) => {
    const leading = condition.shape.length === 1 && t.shape.length > 1; // tfjs: a 1-D condition picks rows
    const c = leading ? g.reshape(condition, [condition.shape[0], ...t.shape.slice(1).map(() => 1)]) : condition;
    return g.where(c, t, e);
  },

  // constants
  Fill: (g, _, { shape, value, dtype }) => g.splat(value, shape, dtype ?? 'float32'),
  ZerosLike: (g, { x }) => g.splat(0, x.shape, x.dtype),
  OnesLike: (g, { x }) => g.splat(1, x.shape, x.dtype),

  // reductions
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Prod: reduction('ReduceProd'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  ArgMax: argReduction('ArgMax'),
  ArgMin: argReduction('ArgMin'),
  Softmax: along('Softmax', 'dim'),
  LogSoftmax: along('LogSoftmax', 'axis'),
  Cumsum: (g, { x }, { axis, exclusive, reverse }) => {
    const at = g.reshape(g.ints([axisOf(axis, x)]), []);
    const attributes = { exclusive: Number(exclusive), reverse: Number(reverse) };
    return g.node('CumSum', [g.full(x), at], [[x.shape, x.dtype]], attributes)[0];
  },

  // matrices
  BatchMatMul: (g, { a, b }, { transposeA, transposeB }) => g.matMul(a, b, Boolean(transposeA), Boolean(transposeB)),

  // images
  Conv2D: (g, { x, filter }, attributes) => {
    const { info, dilations, strides, pads } = convolution(x.shape, filter.shape, attributes);
    const operands = [g.full(g.transpose(x, channelsFirst)), g.full(g.transpose(filter, [3, 2, 0, 1]))];
    const shape = [info.batchSize, info.outChannels, info.outHeight, info.outWidth];
    const [y] = g.node('Conv', operands, [[shape, 'float32']], { dilations, strides, pads });
    return g.transpose(y, channelsLast);
  },
  /** The gradient of x: a transposed convolution of dy. */
  Conv2DBackpropInput: (g, { dy, filter }, { inputShape, ...attributes }) => {
    const { info, strides, pads } = convolution(inputShape, filter.shape, attributes);
    const [b, h, w, c] = inputShape as number[];
    const operands = [g.full(g.transpose(dy, channelsFirst)), g.full(g.transpose(filter, [3, 2, 0, 1]))];
    const rest = (size: number, out: number, kernel: number, axis: number) =>
      size - (strides[axis] * (out - 1) + kernel - pads[axis] - pads[axis + 2]);
    const output_padding = [rest(h, info.outHeight, info.filterHeight, 0), rest(w, info.outWidth, info.filterWidth, 1)];
    const [dx] = g.node('ConvTranspose', operands, [[[b, c, h, w], 'float32']], { strides, pads, output_padding });
    return g.transpose(dx, channelsLast);
  },
  /** The gradient of the filter: x convolved with dy, after batch and channels have changed places in both. */
  Conv2DBackpropFilter: (g, { x, dy }, { filterShape, ...attributes }) => {
    const { info, strides, pads } = convolution(x.shape, filterShape, attributes);
    const [height, width, from, to] = filterShape as number[];
    const operands = [x, dy].map((v) => g.full(g.transpose(v, [3, 0, 1, 2])));
    const size = (whole: number, out: number, axis: number) =>
      whole + pads[axis] + pads[axis + 2] - strides[axis] * (out - 1); // includes rows at the end that no window has covered
    const shape = [from, to, size(info.inHeight, info.outHeight, 0), size(info.inWidth, info.outWidth, 1)];
    const [all] = g.node('Conv', operands, [[shape, 'float32']], { dilations: strides, strides: [1, 1], pads });
    return g.transpose(slice(g, all, [0, 0, 0, 0], [from, to, height, width]), [2, 3, 0, 1]);
  },
  MaxPool: (g, { x }, attributes) => g.transpose(maxPool(g, x, attributes)[0], channelsLast),
  MaxPoolGrad: (g, { dy, input }, attributes) => {
    const [, places] = maxPool(g, input, attributes);
    const [b, h, w, c] = input.shape;
    const zeros = g.full(g.splat(0, [sizeOf(input.shape)]));
    const given = g.reshape(g.full(g.transpose(dy, channelsFirst)), [sizeOf(dy.shape)]);
    const operands = [zeros, g.reshape(places, [sizeOf(dy.shape)]), given]; // overlapping windows add up
    const [dx] = g.node('ScatterElements', operands, [[zeros.shape, 'float32']], { axis: 0, reduction: 'add' });
    return g.transpose(g.reshape(dx, [b, c, h, w]), channelsLast);
  },

  // moving data
  Slice: (g, { x }, { begin, size }) => {
    const [from, length] = tf.slice_util.parseSliceParams({ shape: [...x.shape] } as tf.TensorInfo, begin, size);
    return slice(g, x, from, length);
  },
  Concat: (g, inputs, { axis }) => {
    const parts = Object.values(inputs);
    return concat(g, parts, axisOf(axis, parts[0]));
  },
  Pack: (g, inputs, { axis }) => {
    const parts = Object.values(inputs);
    const at = axis < 0 ? parts[0].shape.length + axis + 1 : axis;
    const unsqueezed = parts.map((v) => g.reshape(v, [...v.shape.slice(0, at), 1, ...v.shape.slice(at)]));
    return concat(g, unsqueezed, at);
  },
  SplitV: (g, { x }, { numOrSizeSplits, axis }) => {
    const at = axisOf(axis, x);
    return split(g, x, tf.backend_util.prepareSplitSize({ shape: [...x.shape] } as tf.Tensor, numOrSizeSplits, at), at);
  },
  Unpack: (g, { value: x }, { axis }) => {
    const at = axisOf(axis, x);
    return split(g, x, Array(x.shape[at]).fill(1), at).map((v) => g.reshape(v, without(x.shape, at)));
  },
  PadV2: (g, { x }, { paddings, constantValue }) => {
    const pads = g.ints([...paddings.map((p: number[]) => p[0]), ...paddings.map((p: number[]) => p[1])]);
    const shape = x.shape.map((d, i) => d + paddings[i][0] + paddings[i][1]);
    return g.node('Pad', [g.full(x), pads, g.splat(constantValue ?? 0, [], x.dtype)], [[shape, x.dtype]])[0];
  },
  Tile: (g, { x }, { reps }) =>
    g.node('Tile', [g.full(x), g.ints(reps)], [[x.shape.map((d, i) => d * reps[i]), x.dtype]])[0],
  GatherV2: (g, { x, indices }, { axis, batchDims }) => {
    if (batchDims)
      throw new PermafrostError('trace', `GatherV2 of [${x.shape}] with batchDims ${batchDims} has no lowering.`);
    const at = axisOf(axis, x);
    const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
    return g.node('Gather', [g.full(x), g.full(indices)], [[shape, x.dtype]], { axis: at })[0];
  },
  UnsortedSegmentSum: (g, { x, segmentIds }, { numSegments }) => {
    // the gradient of a gather: rows of x added into zeros
    const zeros = g.full(g.splat(0, [numSegments, ...x.shape.slice(segmentIds.shape.length)], x.dtype));
    const rows = g.reshape(g.full(x), [sizeOf(segmentIds.shape), ...zeros.shape.slice(1)]);
    const ids = g.cast(g.reshape(segmentIds, [sizeOf(segmentIds.shape), 1]), 'int64');
    return g.node('ScatterND', [zeros, ids, rows], [[zeros.shape, x.dtype]], { reduction: 'add' })[0];
  },
  OneHot: (g, { indices }, { depth, onValue, offValue, dtype }) => {
    const range = g.constant(
      Int32Array.from({ length: depth }, (_, i) => i),
      [depth],
      'int32',
    );
    const hit = g.binary('Equal', g.reshape(indices, [...indices.shape, 1]), range, 'bool');
    return g.where(hit, g.splat(onValue ?? 1, [], dtype), g.splat(offValue ?? 0, [], dtype));
  },
};

/** Rows of our own kernels. `nn` uses them where the backend has them and composes them elsewhere. */
export const ownLowerings: Record<string, Lowering> = {
  /** x [..., d], gamma [d], beta [d] → y, mean [..., 1], 1/σ [..., 1]. */
  LayerNorm: (g, { x, gamma, beta }, { epsilon }) => {
    const statistic = [[...x.shape.slice(0, -1), 1], 'float32'] as const;
    const outputs = [[x.shape, 'float32'] as const, statistic, statistic];
    return g.node('LayerNormalization', [g.full(x), g.full(gamma), g.full(beta)], outputs, {
      axis: -1,
      epsilon: { float: epsilon },
    });
  },
  GeluTanh: (g, { x }) => g.node('FastGelu', [g.full(x)], [[x.shape, 'float32']], {}, 'com.microsoft')[0],
  GeluErf: (g, { x }) => g.node('Gelu', [g.full(x)], [[x.shape, 'float32']], {}, 'com.microsoft')[0],
  /** Words [m, 1] and [1, n] → [m, n]: 1 where their product mod 2³² reaches the threshold, else 0. */
  KeepMask: (g, { rows, columns }, { threshold }) => {
    const shape = broadcastShape(rows.shape, columns.shape);
    const hash = g.node('Mul', [rows, columns], [[shape, 'int32']])[0];
    return g.cast(g.binary('GreaterOrEqual', hash, g.splat(threshold, [], 'int32'), 'bool'), 'float32');
  },
  /** Data that is meant to be the same at every step, such as a causal mask. */
  Literal: (g, _, { data, shape, dtype }) => g.constant(data, shape, dtype),
};

function register(name: string, lower: Lowering): void {
  tf.registerKernel({
    kernelName: name,
    backendName: tracerName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const tracer = backend as Tracer;
      const values: Inputs = {};
      for (const [key, tensor] of Object.entries(inputs ?? {})) {
        if (tensor != null) values[key] = tracer.get((tensor as tf.TensorInfo).dataId);
      }
      let made: Value | readonly Value[];
      try {
        made = lower(tracer.graph, values, attrs ?? {});
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new PermafrostError('trace', `Kernel ${name} on ${shapesOf(values)}: ${error.message}.`, {
          cause: error,
        });
      }
      const info = (v: Value) => ({ dataId: tracer.put(v), shape: [...v.shape], dtype: v.dtype as tf.DataType });
      return Array.isArray(made) ? made.map(info) : info(made as Value);
    },
  });
}
const shapesOf = (values: Inputs): string =>
  Object.entries(values)
    .map(([key, v]) => `${key} ${v.dtype} [${v.shape}]`)
    .join(', ') || 'no operands';

/** Registers every row with tfjs. For kernels without a row, registers a function that throws an error naming the kernel. */
export function registerLowerings(): void {
  const rows = { ...lowerings, ...ownLowerings };
  const known = Object.entries(tf).filter(
    ([key, value]) => typeof value === 'string' && /^_?[A-Z]/.test(key) && !key.startsWith('version'),
  );
  for (const [, name] of known as [string, string][]) {
    if (rows[name]) continue;
    register(name, (_, inputs) => {
      throw new PermafrostError(
        'trace',
        `Kernel ${name} on ${shapesOf(inputs)} cannot be traced: it has no row in the kernel table. ` +
          'Add a row to engine/kernels, use other operations, or run the step on an eager device.',
      );
    });
  }
  for (const [name, lower] of Object.entries(rows)) register(name, lower);
}
