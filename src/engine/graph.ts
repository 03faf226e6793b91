/**
 * The expression graph of a traced program. Values are immutable, and a graph consists of everything reachable from
 * its outputs, so it contains no dead code. Identical nodes are shared, and trivial ones are folded as they are made.
 */
import type { Frozen, TensorData } from './program.ts';

export type ValueType = 'float32' | 'int32' | 'int64' | 'bool';
export type Attribute = number | string | number[] | { float: number };

export type Source =
  | { kind: 'node'; node: Node; index: number }
  /** Every element equals `value`. */
  | { kind: 'splat'; value: number }
  | { kind: 'const'; data: TensorData | BigInt64Array | Uint8Array }
  | { kind: 'frozen'; name: string; frozen: Frozen }
  /** Fed at every run. */
  | { kind: 'input'; name: string };

export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: ValueType;
  readonly source: Source;
}

export interface Node {
  readonly id: number;
  readonly op: string;
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);
export const nodeOf = (v: Value): Node | undefined => (v.source.kind === 'node' ? v.source.node : undefined);
export const isOp = (v: Value, op: string): boolean => nodeOf(v)?.op === op;
/** The number that every element of a splat equals. */
export const splatOf = (v: Value): number | undefined => (v.source.kind === 'splat' ? v.source.value : undefined);

/** The shape that two shapes broadcast to. Throws a RangeError naming both. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 1; i <= Math.max(a.length, b.length); i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    out.unshift(x === 1 ? y : x);
  }
  return out;
}

const folds: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
};
/** `x op unit = x`; with `left`, also `unit op x = x`. */
const units: Record<string, { unit: number; left: boolean }> = {
  Add: { unit: 0, left: true },
  Sub: { unit: 0, left: false },
  Mul: { unit: 1, left: true },
  Div: { unit: 1, left: false },
};

/** Makes the values and nodes of one trace. */
export class Graph {
  #nextId = 0;
  #shared = new Map<string, Node>();
  #ints = new Map<string, Value>();

  value(shape: readonly number[], dtype: ValueType, source: Source): Value {
    return { id: this.#nextId++, shape, dtype, source };
  }
  splat(value: number, shape: readonly number[] = [], dtype: ValueType = 'float32'): Value {
    return this.value(shape, dtype, { kind: 'splat', value });
  }
  input(name: string, shape: readonly number[], dtype: ValueType): Value {
    return this.value(shape, dtype, { kind: 'input', name });
  }
  /** Literal data; a splat when all elements are equal. */
  constant(data: TensorData | Uint8Array, shape: readonly number[], dtype: ValueType): Value {
    const first = data[0];
    if (data.length > 0 && data.every((v) => v === first)) return this.splat(first, shape, dtype);
    return this.value(shape, dtype, { kind: 'const', data });
  }
  /** A 1-D int64 operand (axes, shapes, bounds), shared by content. */
  ints(list: readonly number[]): Value {
    const key = list.join();
    let value = this.#ints.get(key);
    if (!value) {
      value = this.value([list.length], 'int64', { kind: 'const', data: BigInt64Array.from(list, BigInt) });
      this.#ints.set(key, value);
    }
    return value;
  }

  /** The outputs of an operator. A second call with the same operator and operands returns the same node. */
  node(
    op: string,
    inputs: readonly Value[],
    outputs: readonly (readonly [shape: readonly number[], dtype: ValueType])[],
    attributes: Record<string, Attribute> = {},
    domain: Node['domain'] = '',
  ): readonly Value[] {
    const operand = (v: Value) =>
      v.source.kind === 'splat'
        ? `#${Object.is(v.source.value, -0) ? '-0' : v.source.value}:${v.shape}:${v.dtype}`
        : v.id;
    const key = `${domain}:${op}(${inputs.map(operand)})${JSON.stringify(attributes)}`;
    const found = this.#shared.get(key);
    if (found) return found.outputs;
    const made: Value[] = [];
    const node: Node = { id: this.#nextId++, op, domain, inputs, attributes, outputs: made };
    outputs.forEach(([shape, dtype], index) => {
      made.push(this.value(shape, dtype, { kind: 'node', node, index }));
    });
    this.#shared.set(key, node);
    return made;
  }

  /** Expands a splat to its full shape, for operators that do not broadcast. */
  full(x: Value): Value {
    const value = splatOf(x);
    return value === undefined || x.shape.length === 0 ? x : this.#expandNode(this.splat(value, [], x.dtype), x.shape);
  }
  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    const value = splatOf(x);
    if (value !== undefined) return this.splat(value, shape, x.dtype);
    return this.#expandNode(isOp(x, 'Expand') ? nodeOf(x)!.inputs[0] : x, shape);
  }
  #expandNode(x: Value, shape: readonly number[]): Value {
    return this.node('Expand', [x, this.ints(shape)], [[shape, x.dtype]])[0];
  }
  /** The smallest value that broadcasts to `x`: the scalar of a splat, or the operand of an Expand. */
  #narrow(x: Value): Value {
    const value = splatOf(x);
    if (value !== undefined) return this.splat(value, [], x.dtype);
    return isOp(x, 'Expand') ? nodeOf(x)!.inputs[0] : x;
  }

  unary(op: string, x: Value, dtype: ValueType = x.dtype, attributes: Record<string, Attribute> = {}): Value {
    const small = this.#narrow(x); // elementwise work happens before an Expand, not after
    return this.expand(this.node(op, [small], [[small.shape, dtype]], attributes)[0], x.shape);
  }

  binary(op: string, a: Value, b: Value, dtype: ValueType = a.dtype): Value {
    const shape = broadcastShape(a.shape, b.shape);
    const [x, y] = [splatOf(a), splatOf(b)];
    if (a.dtype === 'float32') {
      const fold = folds[op];
      if (fold && x !== undefined && y !== undefined) return this.splat(Math.fround(fold(x, y)), shape, dtype);
      const unit = units[op];
      if (unit && y === unit.unit) return this.expand(a, shape);
      if (unit?.left && x === unit.unit) return this.expand(b, shape);
    }
    const [narrowA, narrowB] = [this.#narrow(a), this.#narrow(b)];
    const inner = broadcastShape(narrowA.shape, narrowB.shape);
    return this.expand(this.node(op, [narrowA, narrowB], [[inner, dtype]])[0], shape);
  }

  where(condition: Value, yes: Value, no: Value): Value {
    const shape = broadcastShape(condition.shape, broadcastShape(yes.shape, no.shape));
    const operands = [condition, yes, no].map((v) => this.#narrow(v));
    const inner = operands.reduce<number[]>((s, v) => broadcastShape(s, v.shape), []);
    return this.expand(this.node('Where', operands, [[inner, yes.dtype]])[0], shape);
  }

  cast(x: Value, dtype: ValueType): Value {
    if (x.dtype === dtype) return x;
    const value = splatOf(x);
    if (value !== undefined) {
      const as = dtype === 'float32' ? value : dtype === 'bool' ? Number(value !== 0) : Math.trunc(value);
      return this.splat(as, x.shape, dtype);
    }
    return this.unary('Cast', x, dtype, { to: onnxType[dtype] });
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new RangeError(`[${x.shape}] cannot be reshaped to [${shape}]`);
    if (sameShape(x.shape, shape)) return x;
    const value = splatOf(x);
    if (value !== undefined) return this.splat(value, shape, x.dtype);
    if (isOp(x, 'Reshape')) return this.reshape(nodeOf(x)!.inputs[0], shape);
    return this.node('Reshape', [x, this.ints(shape)], [[shape, x.dtype]])[0];
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((p, i) => p === i)) return x;
    const shape = perm.map((p) => x.shape[p]);
    const value = splatOf(x);
    if (value !== undefined) return this.splat(value, shape, x.dtype);
    const inner = nodeOf(x);
    if (inner?.op === 'Transpose') {
      const before = inner.attributes.perm as number[];
      return this.transpose(
        inner.inputs[0],
        perm.map((p) => before[p]),
      );
    }
    return this.node('Transpose', [x], [[shape, x.dtype]], { perm: [...perm] })[0];
  }

  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const over = [...axes].sort((a, b) => a - b);
    const shape = keepDims
      ? x.shape.map((d, i) => (over.includes(i) ? 1 : d))
      : x.shape.filter((_, i) => !over.includes(i));
    if (over.every((axis) => x.shape[axis] === 1)) return this.reshape(x, shape);
    const inner = nodeOf(x);
    if (op === 'ReduceSum' && inner?.op === 'Mul' && inner.inputs[0] === inner.inputs[1]) {
      return this.reduce('ReduceSumSquare', inner.inputs[0], axes, keepDims); // one pass, no full-size temporary
    }
    return this.node(op, [this.full(x), this.ints(over)], [[shape, x.dtype]], { keepdims: Number(keepDims) })[0];
  }

  /**
   * Matrix product over the last two axes; batch axes broadcast. If the second operand has no batch axes, this is a single
   * 2-D `Gemm`, for which the runtime packs a constant weight only once, transposed or not.
   */
  matMul(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const m = a.shape.at(transposeA ? -1 : -2)!;
    const k = a.shape.at(transposeA ? -2 : -1)!;
    const n = b.shape.at(transposeB ? -2 : -1)!;
    const kOfB = b.shape.at(transposeB ? -1 : -2)!;
    if (k !== kOfB) throw new RangeError(`inner dimensions of [${a.shape}] and [${b.shape}] differ: ${k} and ${kOfB}`);
    const out = [...broadcastShape(batchA, batchB), m, n];
    const [fullA, fullB] = [this.full(a), this.full(b)];
    if (sizeOf(batchB) === 1 && (sizeOf(batchA) === 1 || !transposeA)) {
      const rows = sizeOf(batchA) * m;
      const flatA = this.reshape(fullA, sizeOf(batchA) === 1 ? a.shape.slice(-2) : [rows, k]);
      const flatB = this.reshape(fullB, b.shape.slice(-2));
      const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
      return this.reshape(this.node('Gemm', [flatA, flatB], [[[rows, n], a.dtype]], attributes)[0], out);
    }
    const swap = (v: Value) => {
      const last = v.shape.length - 1;
      return this.transpose(
        v,
        v.shape.map((_, i) => (i < last - 1 ? i : 2 * last - 1 - i)),
      );
    };
    return this.node(
      'MatMul',
      [transposeA ? swap(fullA) : fullA, transposeB ? swap(fullB) : fullB],
      [[out, a.dtype]],
    )[0];
  }
}

/** Codes of TensorProto.DataType in the ONNX specification. */
export const onnxType: Record<ValueType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };
