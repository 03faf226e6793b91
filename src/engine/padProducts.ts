/**
 * Widens hidden layers whose matrix products are slow on a CPU. If rows are a multiple of 4096 bytes apart, they map to the same
 * lines of the first-level cache. A product reads twelve rows at once, so ONNX Runtime then takes a tenth longer. Sixteen more
 * columns move each row to the next line. The next weights have rows of zeros for these columns, so results differ by rounding at most.
 */
import { reachable } from './fuse.ts';
import { type Graph, type Node, nodeOf, type Value } from './graph.ts';

const aliasedColumns = 1024; // × 4 bytes
const added = 16;

/** Elementwise operators that keep the added columns finite, which start as zeros. */
const elementwise = new Set(['Add', 'Sub', 'Mul', 'Neg', 'Relu', 'Exp', 'Sigmoid', 'Tanh', 'Erf', 'FastGelu', 'Gelu']);

/** Widens the hidden layers of a graph whose rows share cache lines; returns the new outputs. */
export function padProducts(g: Graph, outputs: readonly Value[]): Value[] {
  const nodes = reachable(outputs);
  const users = new Map<Value, Node[]>();
  for (const node of nodes) for (const v of new Set(node.inputs)) users.set(v, [...(users.get(v) ?? []), node]);
  const widths = new Map<Value, number>();
  for (const node of nodes) {
    const [a] = node.inputs;
    if (!takesRows(node, a) || a.shape[1] % aliasedColumns !== 0 || widths.has(a)) continue;
    for (const v of hiddenAround(a, users, new Set(outputs)) ?? []) widths.set(v, a.shape[1] + added);
  }
  return widths.size === 0 ? [...outputs] : widened(g, nodes, outputs, widths);
}

/** Whether the node is a product of the rows of `v` with frozen weights. */
const takesRows = (node: Node, v: Value): boolean =>
  node.op === 'Gemm' && node.inputs[0] === v && !node.attributes.transA && node.inputs[1].source.kind === 'frozen';

/** Whether the node is a product whose columns depend only on frozen weights. */
const givesColumns = (node: Node): boolean =>
  node.op === 'Gemm' && node.inputs.slice(1).every(({ source }) => source.kind === 'frozen');

/** The values that must be widened together with `start`; null if other nodes than products with frozen weights read or make them. */
function hiddenAround(start: Value, users: Map<Value, Node[]>, outputs: Set<Value>): Set<Value> | null {
  const width = start.shape.at(-1)!;
  const values = new Set([start]);
  const isWide = (v: Value) => v.shape.at(-1) === width;
  const isScalar = (v: Value) => v.shape.length === 0;
  for (const v of values) {
    const maker = nodeOf(v);
    if (!maker || outputs.has(v) || !isWide(v)) return null;
    if (!givesColumns(maker)) {
      if (maker.op !== 'Reshape' && !elementwise.has(maker.op)) return null;
      const operands = maker.op === 'Reshape' ? maker.inputs.slice(0, 1) : maker.inputs.filter((x) => !isScalar(x));
      for (const x of operands) values.add(x);
    }
    for (const user of users.get(v) ?? []) {
      if (takesRows(user, v)) continue;
      if (user.op !== 'Reshape' && !elementwise.has(user.op)) return null;
      values.add(user.outputs[0]);
    }
  }
  return values;
}

/** Rewrites the graph with these widths; returns the new outputs. */
function widened(g: Graph, nodes: readonly Node[], outputs: readonly Value[], widths: Map<Value, number>): Value[] {
  const replaced = new Map<Value, Value>();
  const now = (v: Value) => replaced.get(v) ?? v;
  for (const node of nodes) {
    const inputs = node.inputs.map(now);
    const [made] = node.outputs;
    const width = widths.get(made);
    const [rows] = node.inputs;
    if (width !== undefined && node.op === 'Gemm') {
      inputs[1] = padded(g, inputs[1], node.attributes.transB ? 0 : 1, width);
      if (inputs[2]) inputs[2] = padded(g, inputs[2], 0, width);
    } else if (widths.has(rows) && node.op === 'Gemm') {
      inputs[1] = padded(g, inputs[1], node.attributes.transB ? 1 : 0, widths.get(rows)!);
    }
    if (inputs.every((v, i) => v === node.inputs[i])) continue;
    const shapeOf = (v: Value) => (width === undefined ? v.shape : [...v.shape.slice(0, -1), width]);
    if (node.op === 'Reshape') inputs[1] = g.ints(shapeOf(made));
    const shapes = node.outputs.map((v) => [shapeOf(v), v.dtype] as const);
    const wide = g.node(node.op, inputs, shapes, { ...node.attributes }, node.domain);
    node.outputs.forEach((v, i) => {
      replaced.set(v, wide[i]);
    });
  }
  return outputs.map(now);
}

/** Pads weights with zeros to `width` along an axis. The runtime does this once, when it loads the graph. */
function padded(g: Graph, weights: Value, axis: number, width: number): Value {
  const shape = weights.shape.map((d, i) => (i === axis ? width : d));
  const ends = shape.map((d, i) => d - weights.shape[i]);
  const pads = g.ints([...ends.map(() => 0), ...ends]);
  return g.node('Pad', [weights, pads, g.splat(0)], [[shape, weights.dtype]])[0];
}
