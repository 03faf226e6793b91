/**
 * Rewrites of a finished graph that depend on which nodes use a value. They move scalars into the α of a matrix product,
 * row biases into its third operand, and transposes into its flags. Results change by rounding at most.
 */
import { type Attribute, type Graph, isOp, type Node, nodeOf, splatOf, type Value } from './graph.ts';

export interface FuseOptions {
  /** The runtime has com.microsoft.FusedMatMul (α and transposed operands of batched products). */
  fusedMatMul: boolean;
  /** Use operators of the ONNX standard only, so that any runtime can run the graph. */
  standard?: boolean;
}

/** Nodes reachable from the outputs, in an order in which they can run. */
export function reachable(outputs: readonly Value[]): Node[] {
  const nodes = new Set<Node>();
  const stack = outputs.flatMap((v) => nodeOf(v) ?? []);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const v of node.inputs) if (nodeOf(v)) stack.push(nodeOf(v)!);
  }
  return [...nodes].sort((a, b) => a.id - b.id); // an operand is always made before its user
}

/** Applies every rewrite; returns the outputs of the rewritten graph. */
export function fuse(g: Graph, outputs: readonly Value[], options: FuseOptions): Value[] {
  let current = [...outputs];
  const rules: Rule[] = [
    ...(options.fusedMatMul ? [transposeIntoProduct] : []),
    scalarOutOfOperands(options),
    biasIntoProduct,
    scalarIntoProduct(options),
    ...(options.standard ? [intoStandard] : []),
  ];
  for (const rule of rules) current = rewrite(g, current, rule);
  return current;
}

interface Context {
  g: Graph;
  /** Whether exactly one node (or output) uses the value. */
  once(v: Value): boolean;
}
/** Returns new outputs for a node whose operands are already rewritten, or null to keep the node. */
export type Rule = (node: Node, context: Context) => readonly Value[] | null;

/** Applies a rule once to every node; returns the outputs of the rewritten graph. */
export function rewrite(g: Graph, outputs: readonly Value[], rule: Rule): Value[] {
  const nodes = reachable(outputs);
  const uses = new Map<Value, number>();
  const count = (v: Value) => uses.set(v, (uses.get(v) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  outputs.forEach(count);
  const replaced = new Map<Value, Value>();
  const now = (v: Value) => replaced.get(v) ?? v;
  const context: Context = { g, once: (v) => uses.get(v) === 1 };
  for (const node of nodes) {
    const inputs = node.inputs.map(now);
    const same = inputs.every((v, i) => v === node.inputs[i]);
    const shapes = node.outputs.map((v) => [v.shape, v.dtype] as const);
    const kept = same ? node.outputs : g.node(node.op, inputs, shapes, { ...node.attributes }, node.domain);
    const made = rule(nodeOf(kept[0])!, context) ?? kept;
    node.outputs.forEach((v, i) => {
      if (made[i] === v) return;
      replaced.set(v, made[i]);
      uses.set(made[i], Math.max(uses.get(made[i]) ?? 0, uses.get(v) ?? 0));
    });
  }
  return outputs.map(now);
}

const productOps = ['Gemm', 'MatMul', 'FusedMatMul'];
const numberOf = (node: Node, key: string, otherwise: number): number => {
  const attribute = node.attributes[key];
  if (attribute === undefined) return otherwise;
  return typeof attribute === 'object' && 'float' in attribute ? attribute.float : (attribute as number);
};

/** The matrix product of `inputs`, times `scale`; null if its operator has no α. With `bias`, the third operand is scaled too. */
function scaledProduct(
  g: Graph,
  node: Node,
  inputs: readonly Value[],
  scale: number,
  options: FuseOptions,
  bias = false,
): Value | null {
  if (node.op === 'MatMul' && !options.fusedMatMul) return null;
  const attributes: Record<string, Attribute> = {
    ...node.attributes,
    alpha: { float: numberOf(node, 'alpha', 1) * scale },
  };
  const shape = [[node.outputs[0].shape, node.outputs[0].dtype]] as const;
  if (node.op === 'Gemm') {
    if (bias && inputs.length === 3) attributes.beta = { float: numberOf(node, 'beta', 1) * scale };
    return g.node('Gemm', inputs, shape, attributes)[0];
  }
  return g.node('FusedMatMul', inputs, shape, attributes, 'com.microsoft')[0];
}

/** Splits a product `x·scale` with a constant scalar into its two factors; null for any other node. */
function scalarFactor(node: Node | undefined): { x: Value; scale: number } | null {
  if (node?.op !== 'Mul') return null;
  const [a, b] = node.inputs;
  const [left, right] = [splatOf(a), splatOf(b)];
  if (right !== undefined && b.shape.length === 0) return { x: a, scale: right };
  if (left !== undefined && a.shape.length === 0) return { x: b, scale: left };
  return null;
}

const reshapeLike = (g: Graph, node: Node, x: Value): Value =>
  node.op === 'Reshape' ? g.reshape(x, node.outputs[0].shape) : g.transpose(x, node.attributes.perm as number[]);
const movesOnly = (node: Node): boolean => node.op === 'Reshape' || node.op === 'Transpose';

/** product·s → product with α = s, even if reshapes, transposes or other factors come between. */
const scalarIntoProduct =
  (options: FuseOptions): Rule =>
  (node, { g, once }) => {
    const factor = scalarFactor(node);
    if (!factor) return null;
    const absorb = (v: Value): Value | null => {
      const inner = nodeOf(v);
      if (!inner || !once(v)) return null;
      if (productOps.includes(inner.op)) return scaledProduct(g, inner, inner.inputs, factor.scale, options, true);
      if (movesOnly(inner)) {
        const x = absorb(inner.inputs[0]);
        return x && reshapeLike(g, inner, x);
      }
      if (inner.op !== 'Mul') return null;
      const [a, b] = inner.inputs;
      const left = absorb(a);
      if (left) return g.binary('Mul', left, b);
      const right = absorb(b);
      return right && g.binary('Mul', a, right);
    };
    const made = absorb(factor.x);
    return made && [made];
  };

/** product(x·s, y) → product(x, y) with α = s. */
const scalarOutOfOperands =
  (options: FuseOptions): Rule =>
  (node, { g, once }) => {
    if (!productOps.includes(node.op)) return null;
    const strip = (v: Value): { x: Value; scale: number } => {
      const inner = nodeOf(v);
      const factor = scalarFactor(inner);
      if (factor) return factor;
      if (inner && once(v)) {
        if (movesOnly(inner)) {
          const { x, scale } = strip(inner.inputs[0]);
          return scale === 1 ? { x: v, scale } : { x: reshapeLike(g, inner, x), scale };
        }
        if (inner.op === 'Mul') {
          const [a, b] = inner.inputs.map(strip);
          if (a.scale * b.scale !== 1) return { x: g.binary('Mul', a.x, b.x), scale: a.scale * b.scale };
        }
      }
      return { x: v, scale: 1 };
    };
    const [a, b] = node.inputs.slice(0, 2).map(strip);
    if (a.scale * b.scale === 1) return null;
    const made = scaledProduct(g, node, [a.x, b.x, ...node.inputs.slice(2)], a.scale * b.scale, options);
    return made && [made];
  };

/** product + row bias → `Gemm` with a third operand. */
const biasIntoProduct: Rule = (node, { g, once }) => {
  if (node.op !== 'Add') return null;
  for (const [sum, bias] of [node.inputs, [...node.inputs].reverse()]) {
    const outer = nodeOf(sum);
    const product = isOp(sum, 'Reshape') ? outer!.inputs[0] : sum;
    const gemm = nodeOf(product);
    if (gemm?.op !== 'Gemm' || gemm.inputs.length !== 2 || !once(sum) || !once(product)) continue;
    if (bias.shape.length !== 1 || bias.shape[0] !== product.shape[1] || sum.shape.at(-1) !== bias.shape[0]) continue;
    const fused = g.node('Gemm', [...gemm.inputs, g.full(bias)], [[product.shape, product.dtype]], {
      ...gemm.attributes,
    })[0];
    return [g.reshape(fused, node.outputs[0].shape)];
  }
  return null;
};

/** MatMul(transpose(a), b) → FusedMatMul with a transposed-operand flag. */
const transposeIntoProduct: Rule = (node, { g }) => {
  if (node.op !== 'MatMul') return null;
  const swapped = (v: Value): boolean => {
    const perm = nodeOf(v)?.op === 'Transpose' ? (nodeOf(v)!.attributes.perm as number[]) : null;
    const last = v.shape.length - 1;
    return perm?.every((p, i) => p === (i < last - 1 ? i : 2 * last - 1 - i)) ?? false;
  };
  const flags = node.inputs.map(swapped);
  if (!flags.some(Boolean)) return null;
  const inputs = node.inputs.map((v, i) => (flags[i] ? nodeOf(v)!.inputs[0] : v));
  const attributes = { transA: Number(flags[0]), transB: Number(flags[1]) };
  return g.node('FusedMatMul', inputs, [[node.outputs[0].shape, node.outputs[0].dtype]], attributes, 'com.microsoft');
};

/** The operators of ONNX Runtime that are part of the ONNX standard since opset 20, as the standard writes them. */
const standardForms: Record<string, { op: string; attributes: Record<string, Attribute> }> = {
  FastGelu: { op: 'Gelu', attributes: { approximate: 'tanh' } },
  Gelu: { op: 'Gelu', attributes: { approximate: 'none' } },
};

/** com.microsoft operator → its equivalent in the ONNX standard. Throws if it has none. */
const intoStandard: Rule = (node, { g }) => {
  if (node.domain === '') return null;
  const form = standardForms[node.op];
  if (!form) throw new Error(`internal: ${node.op} of ${node.domain} has no form in the ONNX standard`);
  const shapes = node.outputs.map((v) => [v.shape, v.dtype] as const);
  return g.node(form.op, node.inputs, shapes, form.attributes);
};
