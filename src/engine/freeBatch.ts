/**
 * Makes a traced graph run with any batch size. A trace contains sizes as numbers. The sizes that differ between two traces
 * with different batch sizes depend on the batch; the graph computes them from the shape of its input instead.
 */

import { reachable } from './fuse.ts';
import { type Graph, type Node, nodeOf, type Value } from './graph.ts';

interface TracedAt {
  batch: number;
  outputs: readonly Value[];
}

/**
 * Rewrites the outputs of `one` for any batch size, by comparison with `other`, a trace of the same program. `input` names a
 * value whose first axis is the batch. Null if the two traces differ in operators or constants.
 */
export function freeBatch(g: Graph, one: TracedAt, other: TracedAt, input: string): Value[] | null {
  const nodes = reachable(one.outputs);
  const others = reachable(other.outputs);
  if (!isSame(nodes, others)) return null;
  const source = nodes.flatMap((node) => node.inputs).find(({ source: s }) => s.kind === 'input' && s.name === input);
  if (!source) return null;
  const batch = g.node('Shape', [source], [[[1], 'int64']], { start: 0, end: 1 })[0];
  const replaced = new Map<Value, Value>();
  for (const [i, node] of nodes.entries()) {
    const inputs = node.inputs.map((v, k) => {
      const free = shapeFor(v, others[i].inputs[k], node.op);
      return free === undefined ? (replaced.get(v) ?? v) : free;
    });
    if (inputs.includes(null)) return null;
    const shapes = node.outputs.map((v) => [v.shape, v.dtype] as const);
    const made = g.node(node.op, inputs as Value[], shapes, { ...node.attributes }, node.domain);
    node.outputs.forEach((v, k) => {
      replaced.set(v, made[k]);
    });
  }
  return one.outputs.map((v) => replaced.get(v) ?? v);

  /**
   * A list of sizes in which those that depend on the batch are computed. Undefined if none does; null if one of them is not a
   * multiple of the batch.
   */
  function shapeFor(v: Value, w: Value, op: string): Value | null | undefined {
    const [sizes, otherSizes] = [intsOf(v), intsOf(w)];
    if (!sizes || !otherSizes) return undefined;
    const differing = sizes.flatMap((size, k) => (size === otherSizes[k] ? [] : [k]));
    if (differing.length === 0) return undefined;
    if (op === 'Reshape' && differing.length === 1) return g.ints(sizes.with(differing[0], -1));
    const pieces = sizes.map((size, k) => {
      if (!differing.includes(k)) return g.ints([size]);
      const times = (otherSizes[k] - size) / (other.batch - one.batch);
      if (times * one.batch !== size) return null;
      return times === 1 ? batch : g.node('Mul', [batch, g.ints([times])], [[[1], 'int64']])[0];
    });
    if (pieces.includes(null)) return null;
    return pieces.length === 1
      ? pieces[0]
      : g.node('Concat', pieces as Value[], [[[pieces.length], 'int64']], { axis: 0 })[0];
  }
}

function intsOf({ source, dtype }: Value): number[] | null {
  return source.kind === 'const' && dtype === 'int64' ? Array.from(source.data as BigInt64Array, Number) : null;
}

/** Whether two lists of nodes have the same operators and operands, apart from lists of sizes. */
function isSame(nodes: readonly Node[], others: readonly Node[]): boolean {
  if (nodes.length !== others.length) return false;
  const places = new Map(nodes.map((node, i) => [node, i]));
  const otherPlaces = new Map(others.map((node, i) => [node, i]));
  const key = (v: Value, at: Map<Node, number>): unknown[] => {
    const { source } = v;
    if (source.kind === 'node') return ['node', at.get(nodeOf(v)!), source.index];
    if (source.kind === 'splat') return [source.value, v.dtype, v.shape];
    if (source.kind !== 'const') return [source.kind, source.name];
    return v.dtype === 'int64' ? [v.shape] : [v.shape, Array.from(source.data as ArrayLike<number>)];
  };
  return nodes.every((node, i) => {
    const twin = others[i];
    const head = ({ op, domain, attributes }: Node) => JSON.stringify([op, domain, attributes]);
    if (head(node) !== head(twin) || node.inputs.length !== twin.inputs.length) return false;
    return node.inputs.every(
      (v, k) => JSON.stringify(key(v, places)) === JSON.stringify(key(twin.inputs[k], otherPlaces)),
    );
  });
}
