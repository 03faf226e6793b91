/** A program for every row of the kernel table, with inputs. */
import * as tf from '@tensorflow/tfjs-core';
import { randomStream } from '#contract/random';
import { valueAndGradients } from '#engine/gradients';
import { dropout, geluErf, geluTanh, layerNorm, literal } from '#engine/nn';
import type { Noise, Program, Spec, TensorData, Tensors } from '#engine/program';
import { unpadding } from '#engine/unpadding';

export interface KernelCase {
  /** Shapes of float inputs a, b, …; `positive` draws from (0.2, 1.2). */
  shapes: number[][];
  positive?: boolean;
  ids?: { shape: number[]; below: number };
  /** tfjs has no gradient for this kernel, or not for these shapes. */
  valuesOnly?: boolean;
  run(inputs: Tensors, noise: Noise): tf.Tensor | tf.Tensor[];
}
const one = (f: (a: tf.Tensor) => tf.Tensor | tf.Tensor[], positive = false): KernelCase[] =>
  [[5], [2, 3], [2, 1, 4]].map((shape) => ({ shapes: [shape], positive, run: ({ a }) => f(a) }));
const two = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, positive = false): KernelCase[] =>
  [
    [
      [2, 3],
      [2, 3],
    ],
    [[4, 2, 3], [3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[2, 3], []],
  ].map((shapes) => ({ shapes, positive, run: ({ a, b }) => f(a, b) }));
const valuesOnly = (list: KernelCase[]): KernelCase[] => list.map((c) => ({ ...c, valuesOnly: true }));
/** tfjs sums no gradient over broadcast axes for these. */
const twoAlike = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): KernelCase[] =>
  two(f).flatMap((c, i) => (i === 0 ? c : valuesOnly([c])));
const compare = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): KernelCase[] =>
  valuesOnly(two((a, b) => tf.mul(a, tf.cast(f(tf.round(tf.mul(a, 2)), tf.round(tf.mul(b, 2))), 'float32'))));
const over = (f: (a: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor): KernelCase[] => [
  { shapes: [[2, 3, 4]], run: ({ a }) => f(a) },
  { shapes: [[2, 3, 4]], run: ({ a }) => f(a, 1) },
  { shapes: [[2, 3, 4]], run: ({ a }) => f(a, [0, 2], true) },
  { shapes: [[2, 1, 4]], run: ({ a }) => f(a, -2) },
];
const each = (shapes: number[][], ...runs: ((a: tf.Tensor, b: tf.Tensor) => tf.Tensor | tf.Tensor[])[]): KernelCase[] =>
  runs.map((run) => ({ shapes, run: ({ a, b }) => run(a, b) }));
const withIds = (
  shape: number[],
  ids: { shape: number[]; below: number },
  run: (a: tf.Tensor, ids: tf.Tensor) => tf.Tensor,
): KernelCase => ({
  shapes: [shape],
  ids,
  run: ({ a, ids }) => run(a, ids),
});
const convolutions = (f: (a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor): KernelCase[] =>
  each(
    [
      [2, 7, 6, 3],
      [3, 2, 3, 4],
    ],
    (a, b) => f(a as tf.Tensor4D, b as tf.Tensor4D),
  );
const toFloat = (t: tf.Tensor) => tf.cast(t, 'float32');

/** Cases for every row of the kernel table, by kernel. */
export const kernelCases: Record<string, KernelCase[]> = {
  Identity: each([[2, 3]], (a) => tf.clone(a)),
  Reshape: each(
    [[2, 3, 4]],
    (a) => tf.reshape(a, [6, 4]),
    (a) => tf.reshape(a, [-1]),
    (a) => tf.reshape(tf.reshape(a, [24]), [2, 3, 4]),
  ),
  ExpandDims: each(
    [[2, 3]],
    (a) => tf.expandDims(a, 1),
    (a) => tf.expandDims(a, -1),
  ),
  Transpose: each(
    [[2, 3, 4, 5]],
    (a) => tf.transpose(a, [0, 2, 1, 3]),
    (a) => tf.transpose(tf.transpose(a, [1, 2, 0, 3]), [2, 0, 1, 3]),
    (a) => tf.transpose(a),
  ),
  Cast: each(
    [[2, 3]],
    (a) => toFloat(tf.cast(tf.mul(a, 5), 'int32')),
    (a) => toFloat(tf.cast(tf.relu(a), 'bool')),
  ),
  BroadcastTo: each([[2, 1, 3]], (a) => tf.broadcastTo(a, [2, 4, 3])),

  Add: two((a, b) => tf.add(a, b)),
  Sub: two((a, b) => tf.sub(a, b)),
  Multiply: two((a, b) => tf.mul(a, b)),
  RealDiv: two((a, b) => tf.div(a, b), true),
  Maximum: twoAlike((a, b) => tf.maximum(a, b)),
  Minimum: twoAlike((a, b) => tf.minimum(a, b)),
  Pow: two((a, b) => tf.pow(a, b), true),
  SquaredDifference: twoAlike((a, b) => tf.squaredDifference(a, b)),
  Greater: compare((a, b) => tf.greater(a, b)),
  GreaterEqual: compare((a, b) => tf.greaterEqual(a, b)),
  Less: compare((a, b) => tf.less(a, b)),
  LessEqual: compare((a, b) => tf.lessEqual(a, b)),
  Equal: compare((a, b) => tf.equal(a, b)),
  NotEqual: compare((a, b) => tf.notEqual(a, b)),
  LogicalAnd: compare((a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0))),
  LogicalOr: compare((a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0))),
  AddN: each(
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.addN([a, b, a]),
  ),

  Neg: one((a) => tf.neg(a)),
  Exp: one((a) => tf.exp(a)),
  Log: one((a) => tf.log(a), true),
  Tanh: one((a) => tf.tanh(a)),
  Sigmoid: one((a) => tf.sigmoid(a)),
  Relu: one((a) => tf.relu(a)),
  Sqrt: one((a) => tf.sqrt(a), true),
  Abs: one((a) => tf.abs(a)),
  Sign: one((a) => tf.mul(a, tf.sign(a))),
  Floor: one((a) => tf.mul(a, tf.floor(tf.mul(a, 3)))),
  Ceil: one((a) => tf.mul(a, tf.ceil(tf.mul(a, 3)))),
  Round: one((a) => tf.mul(a, tf.round(tf.mul(a, 3)))),
  Reciprocal: one((a) => tf.reciprocal(a), true),
  Erf: one((a) => tf.erf(a)),
  Sin: one((a) => tf.sin(a)),
  Cos: one((a) => tf.cos(a)),
  Softplus: one((a) => tf.softplus(a)),
  Square: one((a) => tf.square(a)),
  Rsqrt: one((a) => tf.rsqrt(a), true),
  LogicalNot: valuesOnly(one((a) => tf.mul(a, toFloat(tf.logicalNot(tf.greater(a, 0)))))),
  IsNan: one((a) => tf.mul(a, toFloat(tf.isNaN(a)))),
  Step: one((a) => tf.mul(a, tf.add(tf.step(a), tf.step(a, 0.3)))),
  ClipByValue: one((a) => tf.clipByValue(a, -0.4, 0.5)),
  Select: [
    withIds([2, 3], { shape: [2, 3], below: 2 }, (a, ids) => tf.where(tf.cast(ids, 'bool'), a, tf.mul(a, 2))),
    withIds([2, 3], { shape: [2, 3], below: 2 }, (a, ids) => tf.where(tf.cast(ids, 'bool'), a, tf.zerosLike(a))),
    withIds([2, 3], { shape: [2, 1], below: 2 }, (a, ids) => tf.where(tf.cast(ids, 'bool'), a, tf.zerosLike(a))),
  ],

  Fill: each(
    [[2, 3]],
    (a) => tf.add(a, tf.fill([2, 3], 0.5)),
    (a) => tf.matMul(a, tf.ones([3, 2])),
  ),
  ZerosLike: each([[2, 3]], (a) => tf.add(a, tf.zerosLike(a))),
  OnesLike: each([[2, 3]], (a) => tf.sub(a, tf.onesLike(a))),

  Sum: over((a, axis, keep) => tf.sum(a, axis, keep)),
  Mean: over((a, axis, keep) => tf.mean(a, axis, keep)),
  Prod: valuesOnly(over((a, axis, keep) => tf.prod(a, axis, keep))),
  Max: over((a, axis, keep) => tf.max(a, axis, keep)),
  Min: over((a, axis, keep) => tf.min(a, axis, keep)),
  ArgMax: each(
    [[2, 3, 4]],
    (a) => toFloat(tf.argMax(a, 1)),
    (a) => toFloat(tf.argMax(a, -1)),
  ),
  ArgMin: each([[2, 3, 4]], (a) => toFloat(tf.argMin(a, 1))),
  Softmax: each([[2, 3, 4]], (a) => tf.softmax(a)),
  LogSoftmax: each([[2, 3, 4]], (a) => tf.logSoftmax(a)),
  Cumsum: [
    ...each([[2, 3, 4]], (a) => tf.cumsum(a, 2, true, true)),
    ...valuesOnly(each([[2, 3, 4]], (a) => tf.cumsum(a, 1))),
  ],

  BatchMatMul: [
    ...each(
      [
        [3, 4],
        [4, 5],
      ],
      (a, b) => tf.matMul(a, b),
      (a, b) => tf.mul(tf.matMul(a, b), 0.5),
      (a, b) => tf.matMul(tf.mul(a, 3), b),
    ),
    ...each(
      [
        [4, 3],
        [5, 4],
      ],
      (a, b) => tf.matMul(a, b, true, true),
    ),
    ...each(
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      (a, b) => tf.matMul(a, b),
      (a, b) => tf.mul(tf.matMul(tf.mul(a, 2), b), 0.5),
    ),
    ...each(
      [
        [2, 4, 3],
        [2, 5, 4],
      ],
      (a, b) => tf.matMul(a, b, true, true),
    ),
    ...valuesOnly(
      each(
        [
          [2, 3, 4],
          [4, 5],
        ],
        (a, b) => tf.matMul(a, b),
      ),
    ),
    ...valuesOnly(
      each(
        [
          [2, 3, 4],
          [5, 4],
        ],
        (a, b) => tf.matMul(a, b, false, true),
      ),
    ),
    ...each(
      [
        [3, 4],
        [4, 5],
      ],
      (a, b) => tf.add(tf.matMul(a, b), tf.sum(b, 0)),
    ),
    ...each(
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      (a, b) => tf.matMul(tf.transpose(a, [0, 2, 1]), b),
    ),
    ...each(
      [
        [3, 2, 4],
        [3, 2, 4],
      ],
      (a, b) => tf.matMul(tf.transpose(a, [1, 0, 2]), tf.transpose(b, [1, 0, 2]), false, true),
    ),
    ...each(
      [
        [1, 4],
        [4, 5],
      ],
      (a, b) => tf.matMul(tf.broadcastTo(a, [3, 4]), b),
    ),
  ],

  Conv2D: [
    ...convolutions((a, b) => tf.conv2d(a, b, 1, 'valid')),
    ...convolutions((a, b) => tf.conv2d(a, b, 1, 'same')),
    ...convolutions((a, b) => tf.conv2d(a, b, [2, 3], 'same')),
    ...convolutions((a, b) => tf.conv2d(a, b, 2, 'valid')),
    ...valuesOnly(convolutions((a, b) => tf.conv2d(a, b, 1, 'valid', 'NHWC', 2))),
  ],
  Conv2DBackpropInput: each(
    [
      [2, 3, 2, 4],
      [3, 2, 3, 4],
    ],
    (a, b) => tf.conv2dTranspose(a as tf.Tensor4D, b as tf.Tensor4D, [2, 5, 3, 3], 1, 'valid'),
    (a, b) => tf.conv2dTranspose(a as tf.Tensor4D, b as tf.Tensor4D, [2, 6, 4, 3], 2, 'same'),
    (a, b) => tf.conv2dTranspose(a as tf.Tensor4D, b as tf.Tensor4D, [2, 5, 3, 3], 2, 'same'),
  ),
  Conv2DBackpropFilter: valuesOnly(
    [[2, 'same', [2, 4, 3, 4]] as const, [1, 'valid', [2, 5, 5, 4]] as const].flatMap(([strides, pad, dy]) =>
      each(
        [[2, 7, 6, 3], [...dy]],
        (x, dy) =>
          tf
            .engine()
            .runKernel(
              'Conv2DBackpropFilter',
              { x, dy },
              { strides, pad, dataFormat: 'NHWC', filterShape: [3, 2, 3, 4] },
            ) as tf.Tensor,
      ),
    ),
  ),
  MaxPool: each(
    [[2, 6, 7, 3]],
    (a) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid'),
    (a) => tf.maxPool(a as tf.Tensor4D, [3, 2], 1, 'valid'),
    (a) => tf.maxPool(a as tf.Tensor4D, 3, 2, 'same'),
  ),
  MaxPoolGrad: valuesOnly(
    each(
      [
        [2, 6, 4, 3],
        [2, 3, 2, 3],
      ],
      (input, dy) => {
        const attributes = { filterSize: 2, strides: 2, pad: 'valid' };
        const output = tf.maxPool(input as tf.Tensor4D, 2, 2, 'valid');
        return tf.engine().runKernel('MaxPoolGrad', { dy, input, output }, attributes) as tf.Tensor;
      },
    ),
  ),

  Slice: each(
    [[4, 5]],
    (a) => tf.slice(a, [1, 0], [2, 5]),
    (a) => tf.slice(a, [0, 2], [-1, 2]),
    (a) => tf.slice(a, [0, 0], [4, 5]),
  ),
  Concat: each(
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.concat([a, b], 0),
    (a, b) => tf.concat([a, b, a], -1),
  ),
  Pack: each(
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.stack([a, b]),
    (a, b) => tf.stack([a, b], 2),
  ),
  SplitV: each(
    [[2, 6]],
    (a) => tf.split(a, 3, 1),
    (a) => tf.split(a, [1, 5], -1),
  ),
  Unpack: each(
    [[3, 2]],
    (a) => tf.unstack(a),
    (a) => tf.unstack(a, 1),
  ),
  PadV2: each(
    [[2, 3]],
    (a) =>
      tf.pad(a, [
        [1, 0],
        [2, 1],
      ]),
    (a) =>
      tf.pad(
        a,
        [
          [0, 1],
          [0, 0],
        ],
        0.5,
      ),
  ),
  Tile: each([[2, 3]], (a) => tf.tile(a, [2, 3])),
  GatherV2: [
    withIds([5, 3], { shape: [4], below: 5 }, (a, ids) => tf.gather(a, ids)),
    withIds([5, 3], { shape: [2, 2], below: 3 }, (a, ids) => tf.gather(a, ids, 1)),
    ...each([[8, 3]], (a) => unpadding(literal(Int32Array.of(0, 2, 3, 7), [4]), 8).unpad(a)),
    ...each([[4, 3]], (a) => unpadding(literal(Int32Array.of(0, 2, 3, 7), [4]), 8).pad(a)),
  ],
  UnsortedSegmentSum: [
    withIds([4, 3], { shape: [4], below: 5 }, (a, ids) => tf.unsortedSegmentSum(a, ids as tf.Tensor1D, 5)),
  ],
  OneHot: [withIds([4, 6], { shape: [4], below: 6 }, (a, ids) => tf.mul(a, tf.oneHot(ids, 6)))],

  LayerNorm: [{ shapes: [[2, 3, 8], [8], [8]], run: ({ a, b, c }) => layerNorm(a, b, c, 1e-5) }],
  GeluTanh: one((a) => geluTanh(tf.mul(a, 3))),
  GeluErf: one((a) => geluErf(tf.mul(a, 3))),
  KeepMask: [{ shapes: [[4, 3, 16]], run: ({ a }, noise) => dropout(a, 0.3, noise) }],
  Literal: each([[2, 2]], (a) => tf.add(a, literal(Float32Array.of(1, 2, 3, 4), [2, 2]))),
};

/** Outputs of a case, and the gradients of a weighted sum of them. */
export const programOf =
  (c: KernelCase): Program =>
  ({ inputs, noise }) => {
    const { ids, ...floats } = inputs;
    const outputs: Tensors = {};
    const score = (at: Tensors) => {
      const made = c.run({ ...at, ids }, noise);
      const list = Array.isArray(made) ? made : [made];
      list.forEach((t, i) => {
        outputs[`out ${i}`] = tf.keep(t);
      });
      // weights that differ by element, so that a permuted gradient shows
      const weighted = list.map((t) => {
        const flat = tf.reshape(t, [t.size]);
        return tf.sum(tf.mul(flat, tf.add(tf.cumsum(tf.onesLike(flat)), 0.5)));
      });
      return tf.addN(weighted);
    };
    if (c.valuesOnly) score(floats);
    else {
      const { gradients } = valueAndGradients(score, floats);
      for (const [name, g] of Object.entries(gradients)) outputs[`gradient ${name}`] = g;
    }
    return { outputs };
  };

/** Inputs of a case, drawn by its kernel and number. */
export function inputsOf(
  kernel: string,
  c: KernelCase,
  i: number,
): { inputs: Record<string, Spec>; batch: Record<string, TensorData> } {
  const random = randomStream(7, kernel, i);
  const names = ['a', 'b', 'c'].slice(0, c.shapes.length);
  const inputs: Record<string, Spec> = Object.fromEntries(names.map((name, i) => [name, { shape: c.shapes[i] }]));
  const batch: Record<string, TensorData> = Object.fromEntries(
    names.map((name, i) => {
      const size = c.shapes[i].reduce((x, y) => x * y, 1);
      return [
        name,
        Float32Array.from({ length: size }, () => (c.positive ? 0.2 + random.uniform() : 2 * random.uniform() - 1)),
      ];
    }),
  );
  if (c.ids) {
    const { shape, below } = c.ids;
    inputs.ids = { shape, dtype: 'int32' };
    batch.ids = Int32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, () => random.below(below));
  }
  return { inputs, batch };
}
