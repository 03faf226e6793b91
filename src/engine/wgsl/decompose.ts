/** Rewrites composite operators of a graph as the folds and elementwise operators that kernels consist of. */
import { type Rule, rewrite } from '../fuse.ts';
import { type Graph, isOp, nodeOf, sizeOf, splatOf, type Value } from '../graph.ts';
import { integersOf } from './views.ts';

/** Returns outputs that compute the same. */
export const decompose = (g: Graph, outputs: readonly Value[]): Value[] =>
  [softmax, layerNormalization, vectorProduct, sumOfSquares, mergedSquares].reduce<Value[]>(
    (values, rule) => rewrite(g, values, rule),
    [...outputs],
  );

/** Softmax and LogSoftmax: maximum, exponential, sum. */
const softmax: Rule = (node, { g }) => {
  if (node.op !== 'Softmax' && node.op !== 'LogSoftmax') return null;
  const [x] = node.inputs;
  const axes = [node.attributes.axis as number];
  const shifted = g.binary('Sub', x, g.reduce('ReduceMax', x, axes, true));
  const exponential = g.unary('Exp', shifted);
  const sum = g.reduce('ReduceSum', exponential, axes, true);
  return [node.op === 'Softmax' ? g.binary('Div', exponential, sum) : g.binary('Sub', shifted, g.unary('Log', sum))];
};

const layerNormalization: Rule = (node, { g }) => {
  if (node.op !== 'LayerNormalization') return null;
  const [x, gamma, beta] = node.inputs;
  const axes = [x.shape.length - 1];
  const { float: epsilon } = node.attributes.epsilon as { float: number };
  const mean = g.reduce('ReduceMean', x, axes, true);
  const centred = g.binary('Sub', x, mean);
  const variance = g.reduce('ReduceMean', g.binary('Mul', centred, centred), axes, true);
  const inverse = g.unary('Reciprocal', g.unary('Sqrt', g.binary('Add', variance, g.splat(epsilon))));
  const normal = g.binary('Mul', centred, inverse);
  return [g.binary('Add', g.binary('Mul', normal, gamma), beta), mean, inverse];
};

/** A matrix times one column is a sum over rows. */
const vectorProduct: Rule = (node, { g }) => {
  const [a, b] = node.inputs;
  if (node.op !== 'Gemm' || node.inputs.length !== 2 || b.shape[node.attributes.transB ? 0 : 1] !== 1) return null;
  if (node.attributes.transA) return null;
  const { float: scale } = (node.attributes.alpha as { float: number } | undefined) ?? { float: 1 };
  const scaled = g.binary('Mul', g.reshape(b, [a.shape[1]]), g.splat(scale));
  return [g.reduce('ReduceSum', g.binary('Mul', a, scaled), [1], true)];
};

/** The sum of all squares of a tensor. Gradients are long, and clipping adds up the sums of all of them. */
const sumOfSquares: Rule = (node, { g }) => {
  if (node.op !== 'ReduceSumSquare' || integersOf(node.inputs[1]).length < node.inputs[0].shape.length) return null;
  const [{ shape }] = node.outputs;
  return [g.reshape(squaresOf(g, [node.inputs[0]]), shape)];
};
const squaresOf = (g: Graph, tensors: readonly Value[]): Value => g.node('SumOfSquares', tensors, [[[], 'float32']])[0];

const mergedSquares: Rule = (node, { g, once }) => {
  if (node.op !== 'Add' || sizeOf(node.outputs[0].shape) !== 1 || node.outputs[0].shape.length > 0) return null;
  const parts = node.inputs.map((v): readonly Value[] | null => {
    if (splatOf(v) === 0) return [];
    return isOp(v, 'SumOfSquares') && once(v) ? nodeOf(v)!.inputs : null;
  });
  return parts.every((part) => part !== null) ? [squaresOf(g, parts.flat())] : null;
};
