/** The table of how operators become WGSL, one row per operator. An operator without a row is refused by name. */
import { PermafrostError } from '#contract/errors';
import type { Node } from '../graph.ts';
import { expressions } from './elementwise.ts';
import { gathers } from './gathers.ts';
import { isView } from './views.ts';

export type NodeKind =
  /** Index arithmetic in the kernel that reads it. */
  | 'view'
  /** An expression of elements, computed where it is needed. */
  | 'map'
  /** An expression that loops over many elements. */
  | 'loop'
  /** A fold over some axes. */
  | 'fold'
  | 'product'
  /** Sum of the squares of several tensors. */
  | 'squares';

const kinds: Record<string, NodeKind> = {
  ...Object.fromEntries(Object.keys(expressions).map((op) => [op, 'map'])),
  Cast: 'map',
  ...Object.fromEntries(Object.entries(gathers).map(([op, { loops }]) => [op, loops ? 'loop' : 'map'])),
  ...Object.fromEntries(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'SumSquare'].map((name) => [`Reduce${name}`, 'fold'])),
  Gemm: 'product',
  MatMul: 'product',
  FusedMatMul: 'product',
  SumOfSquares: 'squares',
};

/** A step that our kernels cannot run on an adapter, and that ONNX Runtime may. The message is a sentence. */
export class NoWgslError extends PermafrostError {
  constructor(message: string) {
    super('device', message);
  }
}

/** Throws NoWgslError for an operator without a row. */
export function kindOf(node: Node): NodeKind {
  if (isView(node.outputs[0])) return 'view';
  const kind = kinds[node.op];
  if (kind) return kind;
  const shapes = node.inputs.map(({ shape }) => `[${shape}]`).join(', ');
  throw new NoWgslError(`Operator ${node.op} on ${shapes} has no WGSL.`);
}

/** Whether a kernel is built around the operator. */
export const isAnchor = (node: Node): boolean => !['view', 'map'].includes(kindOf(node));
