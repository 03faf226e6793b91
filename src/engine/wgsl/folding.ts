/** The code with which fold operators combine elements, in one thread and across the threads of a workgroup. */
import { nodeOf, type Value, type ValueType } from '../graph.ts';
import { wgslType } from './elementwise.ts';
import type { KernelWriter } from './kernelWriter.ts';

interface Fold {
  /** The result for no elements. */
  start(dtype: ValueType): string;
  combine(a: string, b: string): string;
  /** Applied to each element before it is combined. */
  each?(x: string): string;
  isMean?: true;
}
const sum = {
  start: (dtype: ValueType) => (dtype === 'float32' ? '0.0' : '0'),
  combine: (a: string, b: string) => `${a} + ${b}`,
};
const extreme = (name: string, float: string, integer: string): Fold => ({
  start: (dtype) => (dtype === 'float32' ? float : integer),
  combine: (a, b) => `${name}(${a}, ${b})`,
});

const folds: Record<string, Fold> = {
  ReduceSum: sum,
  ReduceMean: { ...sum, isMean: true },
  ReduceSumSquare: { ...sum, each: (x) => `${x} * ${x}` },
  ReduceMax: extreme('max', '-3.4028234e38', 'i32(-2147483648)'),
  ReduceMin: extreme('min', '3.4028234e38', '2147483647'),
  ReduceProd: {
    start: (dtype) => (dtype === 'float32' ? '1.0' : '1'),
    combine: (a, b) => `${a} * ${b}`,
  },
};

/** A fold of one value in a kernel: `add` elements, then `total` over all threads. */
export function foldOf(w: KernelWriter, output: Value, count: number) {
  const node = nodeOf(output)!;
  const fold = folds[node.op];
  const type = wgslType[output.dtype];
  const sumName = w.name('f');
  const finished = (all: string) => (fold.isMean ? `${all} / ${type}(${count})` : all);
  w.line(`var ${sumName} = ${type}(${fold.start(output.dtype)});`);
  return {
    operand: node.inputs[0],
    /** Adds an element, where a condition holds. */
    add(element: string, condition?: string): void {
      const x = fold.each ? fold.each(element) : element;
      const kept = condition ? `select(${fold.start(output.dtype)}, ${x}, ${condition})` : x;
      w.line(`${sumName} = ${fold.combine(sumName, kept)};`);
    },
    /** The result, of this thread alone. */
    own: () => finished(sumName),
    /** The result of `lanes` threads that follow each other by `stride`, known to all of them. */
    total(threads: number, lanes = threads): string {
      return finished(`${acrossThreads(w, node.op, output.dtype, threads, lanes)}(${sumName}, lid)`);
    },
  };
}

/** Declares a function that combines a value of each of `lanes` threads, lid, lid + threads / lanes, …; returns its name. */
export function acrossThreads(w: KernelWriter, op: string, dtype: ValueType, threads: number, lanes: number): string {
  const type = wgslType[dtype];
  const [lane, name] = [`lanes_${type}`, `all_${op}_${type}`];
  const columns = threads / lanes;
  const combined = folds[op].combine(`${lane}[lid]`, `${lane}[lid + half]`);
  w.declare(`var<workgroup> ${lane}: array<${type}, ${threads}>;`);
  w.declare(`fn ${name}(x: ${type}, lid: u32) -> ${type} {
  ${lane}[lid] = x;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half >= ${columns}u; half /= 2u) {
    if (lid < half) { ${lane}[lid] = ${combined}; }
    workgroupBarrier();
  }
  let all = ${lane}[lid % ${columns}u];
  workgroupBarrier();
  return all;
}`);
  return name;
}
