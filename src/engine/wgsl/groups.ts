/**
 * Decides which operators share a kernel. A value that several others need, or that a kernel is built around, becomes the root of a
 * group. Values that only one root needs are computed in its group. Then consecutive groups are merged: elementwise work joins the
 * product or fold before it, and folds over the same rows become one kernel.
 */
import { reachable } from '../fuse.ts';
import { type Node, nodeOf, sizeOf, type Value } from '../graph.ts';
import { gathers } from './gathers.ts';
import { isAnchor, kindOf } from './lowerings.ts';
import { integersOf, type Layout, rootOf, viewOf } from './views.ts';

export type GroupKind =
  /** One thread for each element. */
  | 'map'
  /** One workgroup for each row: folds over rows, and elementwise work on them. */
  | 'rows'
  /** A fold over any axes, with elementwise work on the result. */
  | 'fold'
  /** A matrix product, with elementwise work on the result. */
  | 'product'
  /** A sum of squares, with elementwise work on the result. */
  | 'squares';

export interface Group {
  kind: GroupKind;
  /** The values that the group computes, in order. */
  roots: Value[];
  /** Elements of the index space: of rows, of all their elements. */
  size: number;
  /** Length of a row, of `rows`. */
  length: number;
}

export interface Grouping {
  /** In the order of their first roots. */
  groups: Group[];
  /** Roots that are written to memory. */
  stored: Set<Value>;
}

/** Kernels this far apart in the order of the program are not merged, because shared values would stay in memory too long. */
const near = 8;
/** Longest row that a workgroup folds together with elementwise work on all of it. */
const longestRow = 8192;

/** Groups the nodes that compute `targets`, each of which is the first output of a node and is stored. */
export function groupNodes(targets: readonly Value[]): Grouping {
  const forced = new Set<Value>();
  for (;;) {
    const grouping = tryGrouping(targets, forced);
    if (grouping.needed.length === 0) return grouping;
    if (grouping.needed.some((v) => forced.has(v)))
      throw new Error('internal: a value is needed that no group can store');
    for (const v of grouping.needed) forced.add(v);
  }
}

function tryGrouping(targets: readonly Value[], forced: ReadonlySet<Value>): Grouping & { needed: Value[] } {
  const nodes = reachable(targets).filter((node) => kindOf(node) !== 'view');
  const groups = mergedGroups(nodes, rootNodes(nodes, new Set([...targets, ...forced])));
  const owner = new Map(groups.flatMap((group) => group.roots.map((v) => [v, group] as const)));
  const stored = new Set<Value>(targets);
  const operands: Value[] = []; // of folds
  const needed: Value[] = []; // operands that have to be in memory, and have no group yet
  for (const group of groups) {
    for (const root of group.roots) {
      if (group.kind === 'fold' && isFold(root)) operands.push(rootOf(nodeOf(root)!.inputs[0]));
      else
        for (const { value } of reads(root, (v) => owner.has(v)))
          if (owner.has(value) && owner.get(value) !== group) stored.add(value);
    }
  }
  for (const v of operands) {
    if (!nodeOf(v) || stored.has(v) || isRecomputable(v, stored)) continue;
    if (owner.has(v)) stored.add(v);
    else needed.push(v);
  }
  return { groups, stored, needed };
}

const isFold = (v: Value): boolean => kindOf(nodeOf(v)!) === 'fold';

/** Whether a fold may compute its operand instead of reading it, because it depends only on a few tensors that are in memory anyway. */
function isRecomputable(v: Value, stored: ReadonlySet<Value>): boolean {
  if (isAnchor(nodeOf(v)!)) return false;
  const leaves = reads(v, (r) => stored.has(r) || isAnchor(nodeOf(r)!));
  return leaves.length <= 6 && leaves.every(({ value }) => !nodeOf(value) || stored.has(value));
}

/** Map nodes that cost almost nothing, because they depend only on smaller tensors and on values that are in memory anyway. */
function freeNodes(nodes: readonly Node[]): Set<Node> {
  const costs = new Map<Node, number>();
  const [mostExpensive, small] = [12, 65536];
  for (const node of nodes) {
    if (kindOf(node) !== 'map') continue;
    const operands = operandsOf(node).map(rootOf);
    const size = sizeOf(node.outputs[0].shape);
    if (operands.some((v) => (nodeOf(v) ? !costs.has(nodeOf(v)!) : false))) continue;
    if (size > small && operands.some((v) => !nodeOf(v) && v.source.kind !== 'splat' && sizeOf(v.shape) >= size))
      continue;
    const cost = operands.reduce((sum, v) => sum + (nodeOf(v) ? costs.get(nodeOf(v)!)! : 0), 1);
    if (cost <= mostExpensive) costs.set(node, cost);
  }
  return new Set(costs.keys());
}

/** Operands that are read as tensors, without lists of axes and bounds. */
export const operandsOf = (node: Node): readonly Value[] =>
  kindOf(node) === 'fold' || node.op === 'Pad' || node.op === 'CumSum'
    ? node.inputs.filter((_, k) => k === 0 || (node.op === 'Pad' && k === 2))
    : node.inputs;

/** Nodes whose outputs get a kernel: anchors, targets, and nodes that more than one root needs. */
function rootNodes(nodes: readonly Node[], targets: ReadonlySet<Value>): Set<Node> {
  const free = freeNodes(nodes);
  const roots = new Set<Node>();
  const needs = new Map<Node, Set<Node>>(); // the roots whose expression a node would be part of
  const users = new Map<Node, Set<Node>>();
  const widens = new Set<Node>();
  for (const node of nodes) {
    for (const operand of operandsOf(node)) {
      const maker = nodeOf(rootOf(operand));
      if (!maker) continue;
      if (!users.has(maker)) users.set(maker, new Set());
      users.get(maker)!.add(node);
      if (kindOf(node) === 'map' && sizeOf(node.outputs[0].shape) > sizeOf(maker.outputs[0].shape)) widens.add(maker);
    }
  }
  const isCostly = (v: Value) => rootOf(v).source.kind !== 'splat' && !free.has(nodeOf(rootOf(v))!);
  for (const node of [...nodes].reverse()) {
    const by = [...(users.get(node) ?? [])];
    const needed = new Set(
      by.flatMap((user) => (roots.has(user) ? (isColumnFold(user) ? [] : [user]) : [...needs.get(user)!])),
    );
    const isRoot =
      isAnchor(node) ||
      node.outputs.some((v) => targets.has(v)) ||
      (!free.has(node) &&
        (needed.size > 1 ||
          by.some((user) => ['loop', 'product'].includes(kindOf(user))) ||
          (widens.has(node) && operandsOf(node).filter(isCostly).length > 1)));
    if (isRoot) roots.add(node);
    else needs.set(node, needed);
  }
  return roots;
}

const isColumnFold = (node: Node): boolean => kindOf(node) === 'fold' && rowsOf(node) === null;

/** Rows and their length, of a fold over the last axes. */
function rowsOf(node: Node): { rows: number; length: number } | null {
  const [x, list] = node.inputs;
  const axes = integersOf(list);
  const first = x.shape.length - axes.length;
  if (axes.some((axis) => axis < first)) return null;
  const length = sizeOf(x.shape.slice(first));
  const rows = sizeOf(x.shape.slice(0, first));
  return length <= longestRow && (rows >= 8 || rows * length <= 16384) ? { rows, length } : null;
}

interface Read {
  value: Value;
  /** How the value's index depends on that of the root: the same, by one layout, or in another way. */
  access: 'same' | 'other' | Layout;
}

/** The values that the expression of a root reads: those for which `stops` holds, and those that no node makes. */
export function reads(root: Value, stops: (v: Value) => boolean): Read[] {
  const found: Read[] = [];
  const seen = new Set<string>();
  const visit = (v: Value, shape: readonly number[], access: Read['access']) => {
    const { root: below, layouts } = viewOf(v, shape);
    const next: Read['access'] =
      layouts.length === 0 ? access : layouts.length === 1 && access === 'same' ? layouts[0] : 'other';
    const key = `${below.id}:${JSON.stringify(next)}`;
    if (seen.has(key)) return;
    seen.add(key);
    const node = nodeOf(below);
    if (!node || stops(below)) {
      if (below.source.kind !== 'splat') found.push({ value: below, access: next });
    } else expand(node, next);
  };
  const expand = (node: Node, access: Read['access']) => {
    const isPointwise = kindOf(node) === 'map' && !(node.op in gathers);
    const folds = kindOf(node) === 'fold' && rowsOf(node) !== null;
    for (const operand of operandsOf(node))
      visit(operand, isPointwise ? node.outputs[0].shape : operand.shape, isPointwise || folds ? access : 'other');
  };
  expand(nodeOf(root)!, 'same');
  return found;
}

function groupOf(node: Node): Group {
  const kind = kindOf(node);
  const rows = kind === 'fold' ? rowsOf(node) : null;
  return {
    kind: rows ? 'rows' : kind === 'fold' || kind === 'product' || kind === 'squares' ? kind : 'map',
    roots: [...node.outputs],
    size: rows ? rows.rows * rows.length : sizeOf(node.outputs[0].shape),
    length: rows?.length ?? 1,
  };
}

function mergedGroups(nodes: readonly Node[], roots: ReadonlySet<Node>): Group[] {
  const clock = new Map<Value, number>(); // anchors before it in the program
  const owner = new Map<Value, Group>();
  const readsOf = new Map<Value, Read[]>();
  const readers = new Map<Value, Value[]>();
  const parents = new Map<Group, Set<Group>>();
  let anchors = 0;
  for (const node of nodes.filter((each) => roots.has(each))) {
    if (isAnchor(node)) anchors++;
    const group = groupOf(node);
    const read = reads(group.roots[0], (v) => owner.has(v)).filter(({ value }) => owner.has(value));
    for (const v of group.roots) {
      clock.set(v, anchors);
      readsOf.set(v, read);
    }
    for (const { value } of read) readers.set(value, [...(readers.get(value) ?? []), group.roots[0]]);
    parents.set(group, new Set(read.map(({ value }) => owner.get(value)!)));
    for (const v of group.roots) owner.set(v, group);
  }

  const timeOf = (group: Group): number => Math.max(...group.roots.map((v) => clock.get(v)!));
  const distance = (a: Group, b: Group) => Math.abs(timeOf(a) - timeOf(b));
  const dependsOn = (group: Group, on: Group, seen = new Set<Group>()): boolean => {
    if (group === on) return true;
    // a value is made of older ones
    if (seen.has(group) || group.roots.at(-1)!.id < on.roots[0].id) return false;
    seen.add(group);
    for (const parent of parents.get(group)!) if (dependsOn(parent, on, seen)) return true;
    return false;
  };
  /** Whether `group` can read everything that it needs from `maker` at the place where the kernel of `maker` computes it. */
  const finds = (group: Group, maker: Group): boolean =>
    group.roots.every((root) =>
      readsOf
        .get(root)!
        .every(({ value, access }) => owner.get(value) !== maker || isAtHand(root, value, access, group, maker)),
    );
  /** Whether a product or a column fold may include elementwise work, because no other group soon needs its own result in memory. */
  const isOnlyReader = (group: Group, maker: Group): boolean =>
    group.roots
      .flatMap((root) => readsOf.get(root)!.map(({ value }) => value))
      .filter((value) => owner.get(value) === maker)
      .flatMap((value) => readers.get(value)!.map((reader) => owner.get(reader)!))
      .every((other) => other === group || other === maker || distance(other, maker) > near || isPatient(other));
  const mayJoin = (group: Group, maker: Group): boolean =>
    distance(group, maker) <= near &&
    canShare(group, maker) &&
    finds(group, maker) &&
    (maker.kind === 'map' || maker.kind === 'rows' || isOnlyReader(group, maker)) &&
    [...parents.get(group)!].every((other) => other === maker || !dependsOn(other, maker));
  const join = (maker: Group, group: Group): void => {
    maker.roots = [...maker.roots, ...group.roots].sort((a, b) => a.id - b.id);
    if (group.kind === 'rows') Object.assign(maker, { kind: 'rows', length: group.length });
    for (const v of group.roots) owner.set(v, maker);
    const sources = parents.get(group)!;
    parents.delete(group);
    for (const set of parents.values()) if (set.delete(group)) set.add(maker);
    for (const parent of sources) parents.get(maker)!.add(parent);
    parents.get(maker)!.delete(maker);
  };

  for (const start of [...parents.keys()]) {
    if (!parents.has(start)) continue;
    let group = start;
    for (;;) {
      const makers = [...parents.get(group)!].sort((a, b) => b.roots.at(-1)!.id - a.roots.at(-1)!.id);
      const maker = makers.find((each) => mayJoin(group, each));
      if (!maker) break;
      join(maker, group);
      group = maker;
    }
  }
  // folds over the same axes, such as the gradients of a gain and its bias
  let last: Group | null = null;
  for (const group of [...parents.keys()].filter(({ kind }) => kind === 'fold')) {
    const isAlike = last && foldKey(last) === foldKey(group) && distance(last, group) <= 3;
    if (isAlike && !dependsOn(group, last!) && !dependsOn(last!, group)) join(last!, group);
    else last = group;
  }
  return [...parents.keys()].sort((a, b) => a.roots[0].id - b.roots[0].id);
}

const isPatient = ({ kind }: Group): boolean => kind === 'product' || kind === 'fold';
const foldKey = ({ roots }: Group): string => {
  const { inputs } = nodeOf(roots.find(isFold)!)!;
  return `${inputs[0].shape}|${integersOf(inputs[1])}`;
};

function canShare(group: Group, maker: Group): boolean {
  if (group.kind === 'map' && maker.kind !== 'rows') return group.size === maker.size;
  if (group.kind === 'map') return group.size === maker.size || group.size === maker.size / maker.length;
  if (group.kind !== 'rows' || group.size !== maker.size) return false;
  return maker.kind === 'map' || (maker.kind === 'rows' && maker.length === group.length);
}

function isAtHand(root: Value, value: Value, access: Read['access'], group: Group, maker: Group): boolean {
  if (group.kind !== 'rows' && maker.kind !== 'rows') return access === 'same';
  const { size, length } = group.kind === 'rows' ? group : maker;
  const isWhole = (v: Value) => sizeOf(v.shape) === size;
  if (isWhole(value)) return access === 'same' && (isWhole(root) || isFold(root));
  return isWhole(root) || isFold(root) ? isPerRow(access, size / length, length) : access === 'same';
}

/** Whether element i comes from element ⌊i / length⌋. */
function isPerRow(access: Read['access'], rows: number, length: number): boolean {
  if (typeof access === 'string') return false;
  const { shape, strides, offset } = access;
  if (offset !== 0) return false;
  if (rows === 1) return strides.every((stride) => stride === 0);
  return shape.length === 2 && shape[0] === rows && shape[1] === length && strides[0] === 1 && strides[1] === 0;
}
