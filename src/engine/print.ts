/**
 * Prints a traced graph: first its inputs and frozen values, then one line per node in execution order, then its outputs.
 *
 *     frozen/w f32[3,4]
 *     in/x f32[2,3]
 *     %0 = Gemm(in/x, frozen/w) f32[2,4]
 *     %1 = Softmax(%0, axis=-1) f32[2,4]
 *     out/y = %1
 *
 * If the environment has `PERMAFROST_PRINT_GRAPH=FILE`, the trainer writes the graphs of a run's programs to FILE, and on a
 * GPU the WGSL of their kernels too.
 */
import { reachable } from './fuse.ts';
import { type Attribute, type Node, splatOf, type Value, type ValueType } from './graph.ts';

/** Prints the graph that computes the named outputs. */
export function printGraph(outputs: ReadonlyMap<string, Value>): string {
  const nodes = reachable([...outputs.values()]);
  const fed = new Map<string, Value>();
  for (const v of [...nodes.flatMap((node) => node.inputs), ...outputs.values()])
    if (v.source.kind === 'input' || v.source.kind === 'frozen') fed.set(v.source.name, v);
  const names = new Map<Value, string>();
  for (const v of nodes.flatMap((node) => node.outputs)) names.set(v, `%${names.size}`);
  const nameOf = (v: Value) => names.get(v) ?? leafText(v);
  return [
    ...[...fed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, v]) => `${name} ${typeText(v)}`),
    ...nodes.map((node) => nodeLine(node, nameOf)),
    ...[...outputs].map(([name, v]) => `${name.startsWith('next/') ? name : `out/${name}`} = ${nameOf(v)}`),
    '',
  ].join('\n');
}

/** Attributes with these values are not printed. */
const defaults: Readonly<Record<string, Attribute>> = { transA: 0, transB: 0 };

function nodeLine({ op, inputs, outputs, attributes }: Node, nameOf: (v: Value) => string): string {
  const named = Object.entries(attributes)
    .filter(([key, value]) => defaults[key] !== value)
    .map(([key, value]) => `${key}=${attributeText(value)}`);
  const operands = [...inputs.map(nameOf), ...named].join(', ');
  return `${outputs.map(nameOf).join(', ')} = ${op}(${operands}) ${outputs.map(typeText).join(', ')}`;
}

const attributeText = (value: Attribute): string =>
  Array.isArray(value) ? `[${value}]` : typeof value === 'object' ? numberText(value.float) : String(value);

const shortTypes: Record<ValueType, string> = { float32: 'f32', int32: 'i32', int64: 'i64', bool: 'bool' };
const typeText = ({ dtype, shape }: Value): string => `${shortTypes[dtype]}[${shape}]`;

/** Most elements of a constant that are printed. */
const shown = 8;

/** The text of a value that no node makes: its name, number, list of sizes, or type and first elements. */
function leafText(v: Value): string {
  const { source } = v;
  if (source.kind === 'input' || source.kind === 'frozen') return source.name;
  const splat = splatOf(v);
  if (splat !== undefined) return v.shape.length === 0 ? numberText(splat) : `${typeText(v)}{${numberText(splat)}}`;
  if (source.kind !== 'const') throw new Error(`internal: ${typeText(v)} is used before it is made`);
  const first: ArrayLike<number | bigint> = source.data.subarray(0, shown);
  const elements = Array.from(first, (x) => numberText(Number(x)));
  const list = `${elements}${source.data.length > shown ? ',…' : ''}`;
  return v.dtype === 'int64' ? `[${list}]` : `${typeText(v)}{${list}}`;
}

/** Six digits are enough to recognise a float32. */
const numberText = (x: number): string => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(6))));
