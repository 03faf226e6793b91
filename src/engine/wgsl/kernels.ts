/** Kernels of all groups except products, one function for each kind. */
import { nodeOf, sizeOf, type Value } from '../graph.ts';
import { acrossThreads, foldOf } from './folding.ts';
import type { Group } from './groups.ts';
import { gridOf, type Kernel, type KernelContext, KernelWriter } from './kernelWriter.ts';
import { kindOf } from './lowerings.ts';
import { indexBelow, integersOf } from './views.ts';

const labelOf = ({ roots }: Group): string => [...new Set(roots.map((v) => nodeOf(v)!.op))].join(' ');
const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));
const isFold = (v: Value): boolean => kindOf(nodeOf(v)!) === 'fold';

/** Computes elements, then stores those that other kernels read. Reads all values before it overwrites any. */
export function storeRoots(w: KernelWriter, roots: readonly Value[], i: string): void {
  const stored = roots.filter((v) => w.isStored(v)).map((v) => [v, w.element(v, i)] as const);
  for (const [v, expression] of stored) w.store(v, i, expression);
}

const mapThreads = 256;
export function mapKernel(group: Group, context: KernelContext): Kernel {
  const w = new KernelWriter(context, new Set(group.roots));
  w.line(`let i = (group - first) * ${mapThreads}u + lid;`);
  w.line('if (i >= size) { return; }');
  storeRoots(w, group.roots, 'i');
  return w.finish({
    label: labelOf(group),
    workgroupSize: mapThreads,
    workgroups: gridOf(Math.ceil(group.size / mapThreads)),
    size: group.size,
    batches: true,
  });
}

/** Most values per thread that stay in registers from one fold over a row to the next. */
const mostInRegisters = 8;

export function rowsKernel(group: Group, context: KernelContext): Kernel {
  const w = new KernelWriter(context, new Set(group.roots));
  const { size, length } = group;
  const rows = size / length;
  const threads = Math.min(256, Math.max(32, powerOfTwo(length / 4)));
  const each = Math.ceil(length / threads);
  const row = rows === 1 ? '0u' : 'row';
  w.line('let row = group;');
  w.line(`if (row >= ${rows}u) { return; }`);
  const isWhole = (v: Value) => sizeOf(v.shape) === size && !isFold(v);
  const know = (i: string) => {
    if (rows > 1) w.alias(`${i} / ${length}u`, row);
  };
  const unrolled = each <= mostInRegisters;
  if (unrolled) {
    for (let k = 0; k < each; k++) {
      const j = k === 0 ? 'lid' : `lid + ${k * threads}u`;
      const isFull = (k + 1) * threads <= length;
      if (!isFull) w.line(`let in${k} = ${j} < ${length}u;`);
      w.line(`let i${k}_ = row * ${length}u + ${isFull ? j : `min(${j}, ${length - 1}u)`};`);
      know(`i${k}_`);
    }
  }
  /** Runs `body` for the elements of the row that are this thread's. */
  const forEach = (body: (i: string, condition?: string) => void) => {
    if (unrolled) {
      for (let k = 0; k < each; k++) body(`i${k}_`, (k + 1) * threads <= length ? undefined : `in${k}`);
    } else {
      const j = w.name('j');
      w.inside(`for (var ${j} = lid; ${j} < ${length}u; ${j} += ${threads}u)`, () => {
        const i = w.named(`row * ${length}u + ${j}`);
        know(i);
        body(i);
      });
    }
  };
  for (const v of group.roots.filter(isFold)) {
    const fold = foldOf(w, v, length);
    forEach((i, condition) => fold.add(w.element(fold.operand, i), condition));
    const total = w.name('t');
    w.line(`let ${total} = ${fold.total(threads)};`);
    w.give(v, row, total);
  }
  const whole = group.roots.filter(isWhole);
  if (whole.some((v) => w.isStored(v))) {
    if (unrolled) {
      // reads everything before anything is overwritten
      const elements: (() => void)[] = [];
      forEach((i, condition) => {
        for (const v of whole.filter((each) => w.isStored(each))) {
          const expression = w.element(v, i);
          elements.push(() =>
            condition ? w.inside(`if (${condition})`, () => w.store(v, i, expression)) : w.store(v, i, expression),
          );
        }
      });
      for (const store of elements) store();
    } else forEach((i) => storeRoots(w, whole, i));
  }
  const perRow = group.roots.filter((v) => !isWhole(v));
  if (perRow.some((v) => w.isStored(v))) w.inside('if (lid == 0u)', () => storeRoots(w, perRow, row));
  return w.finish({ label: labelOf(group), workgroupSize: threads, workgroups: gridOf(rows) });
}

export function foldKernel(group: Group, context: KernelContext): Kernel {
  const w = new KernelWriter(context, new Set(group.roots));
  const folds = group.roots.filter(isFold);
  const [x, list] = nodeOf(folds[0])!.inputs;
  const axes = integersOf(list);
  const layout = (chosen: number[]) => ({
    shape: chosen.map((axis) => x.shape[axis]),
    strides: chosen.map((axis) => sizeOf(x.shape.slice(axis + 1))),
    offset: 0,
  });
  const [kept, folded] = [x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis)), axes].map(layout);
  const [outputs, count] = [sizeOf(kept.shape), sizeOf(folded.shape)];
  const threads = 256;
  // threads that share an output; those next to each other read next to each other
  const isContiguous = axes.includes(x.shape.length - 1);
  const lanes = isContiguous ? threads : Math.min(16, powerOfTwo(count / 4));
  const columns = threads / lanes;
  w.line(`let o = min(group * ${columns}u + lid % ${columns}u, ${outputs - 1}u);`);
  w.line(`let lane = lid / ${columns}u;`);
  const partial = folds.map((v) => foldOf(w, v, count));
  w.inside(`for (var j = lane; j < ${count}u; j += ${lanes}u)`, () => {
    const i = w.named(`${indexBelow(kept, 'o')} + ${indexBelow(folded, 'j')}`);
    for (const fold of partial) fold.add(w.element(fold.operand, i));
  });
  const o = outputs === 1 ? '0u' : 'o';
  folds.forEach((v, k) => {
    const total = w.name('t');
    w.line(`let ${total} = ${lanes === 1 ? partial[k].own() : partial[k].total(threads, lanes)};`);
    w.give(v, o, total);
  });
  w.inside(`if (lane == 0u && group * ${columns}u + lid < ${outputs}u)`, () => storeRoots(w, group.roots, o));
  return w.finish({
    label: labelOf(group),
    workgroupSize: threads,
    workgroups: gridOf(Math.ceil(outputs / columns)),
  });
}

const squaresThreads = 256;
const squaresEach = 16;
const pieces = (v: Value): number => Math.ceil(sizeOf(v.shape) / (squaresThreads * squaresEach));
/** Number of partial sums of a sum of squares. */
export const partialSums = (group: Group): number =>
  nodeOf(squaresRoot(group))!.inputs.reduce((sum, v) => sum + pieces(v), 0);
const squaresRoot = ({ roots }: Group): Value => roots.find((v) => kindOf(nodeOf(v)!) === 'squares')!;

/** A kernel for the partial sums of each tensor, and one that adds them up. */
export function squaresKernels(group: Group, context: KernelContext, partial: Value): Kernel[] {
  const root = squaresRoot(group);
  const total = `all_ReduceSum_f32`;
  let from = 0;
  const parts = nodeOf(root)!.inputs.map((x) => {
    const w = new KernelWriter(context, new Set());
    w.line('var sum = 0.0;');
    w.line(`let start = (group - first) * ${squaresThreads * squaresEach}u + lid;`);
    w.inside(`for (var k = 0u; k < ${squaresEach}u; k++)`, () => {
      const i = w.named(`start + k * ${squaresThreads}u`);
      w.inside(`if (${i} < size)`, () => {
        const value = w.element(x, i);
        w.line(`sum += ${value} * ${value};`);
      });
    });
    acrossThreads(w, 'ReduceSum', 'float32', squaresThreads, squaresThreads);
    w.line(`let all = ${total}(sum, lid);`);
    w.inside('if (lid == 0u)', () => w.store(partial, 'group - first', 'all', from));
    from += pieces(x);
    return w.finish({
      label: 'SumOfSquares',
      workgroupSize: squaresThreads,
      workgroups: gridOf(pieces(x)),
      size: sizeOf(x.shape),
      batches: true,
    });
  });
  const w = new KernelWriter(context, new Set(group.roots));
  w.line('var sum = 0.0;');
  w.line(`for (var k = lid; k < ${from}u; k += ${squaresThreads}u) { sum += ${w.load(partial, 'k')}; }`);
  acrossThreads(w, 'ReduceSum', 'float32', squaresThreads, squaresThreads);
  w.line(`let all = ${total}(sum, lid);`);
  w.give(root, '0u', 'all');
  w.inside('if (lid == 0u)', () => storeRoots(w, group.roots, '0u'));
  return [...parts, w.finish({ label: labelOf(group), workgroupSize: squaresThreads, workgroups: gridOf(1) })];
}
