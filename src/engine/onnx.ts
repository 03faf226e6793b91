/** Writes a graph as an ONNX ModelProto. The schema below covers the part of the format that this file writes. */
import protobuf from 'protobufjs/light.js';
import { PermafrostError } from '#contract/errors';
import { reachable } from './fuse.ts';
import { type Attribute, type Node, onnxType, sizeOf, type Value, type ValueType } from './graph.ts';
import type { Frozen } from './program.ts';

const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule && { rule }) });
const message = (fields: protobuf.IType['fields']): protobuf.IType => ({ fields });
/** Field numbers of onnx.proto, ONNX 1.15 (opset 20, IR 9): github.com/onnx/onnx/blob/main/onnx/onnx.proto. */
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      irVersion: field(1, 'int64'),
      producerName: field(2, 'string'),
      producerVersion: field(3, 'string'),
      graph: field(7, 'Graph'),
      opsetImport: field(8, 'OperatorSet', 'repeated'),
      metadataProps: field(14, 'Entry', 'repeated'),
    }),
    OperatorSet: message({ domain: field(1, 'string'), version: field(2, 'int64') }),
    Graph: message({
      node: field(1, 'Node', 'repeated'),
      name: field(2, 'string'),
      initializer: field(5, 'Tensor', 'repeated'),
      input: field(11, 'ValueInfo', 'repeated'),
      output: field(12, 'ValueInfo', 'repeated'),
    }),
    Node: message({
      input: field(1, 'string', 'repeated'),
      output: field(2, 'string', 'repeated'),
      name: field(3, 'string'),
      opType: field(4, 'string'),
      attribute: field(5, 'Attribute', 'repeated'),
      domain: field(7, 'string'),
    }),
    Attribute: message({
      name: field(1, 'string'),
      f: field(2, 'float'),
      i: field(3, 'int64'),
      s: field(4, 'bytes'),
      ints: field(8, 'int64', 'repeated'),
      type: field(20, 'int32'),
    }),
    Tensor: message({
      dims: field(1, 'int64', 'repeated'),
      dataType: field(2, 'int32'),
      name: field(8, 'string'),
      rawData: field(9, 'bytes'),
      externalData: field(13, 'Entry', 'repeated'),
      dataLocation: field(14, 'int32'),
    }),
    Entry: message({ key: field(1, 'string'), value: field(2, 'string') }),
    ValueInfo: message({ name: field(1, 'string'), type: field(2, 'Type') }),
    Type: message({ tensorType: field(1, 'TensorType'), sequenceType: field(4, 'SequenceType') }),
    SequenceType: message({ elemType: field(1, 'Type') }),
    TensorType: message({ elemType: field(1, 'int32'), shape: field(2, 'Shape') }),
    Shape: message({ dim: field(1, 'Dimension', 'repeated') }),
    Dimension: message({ dimValue: field(1, 'int64'), dimParam: field(2, 'string') }),
  },
});
const Model = schema.lookupType('Model');
const opset = 20;
const irVersion = 9;
const externalLocation = 1;

type Typed = Float32Array | Int32Array | Uint8Array | BigInt64Array;
/** Makes an array of n equal values. */
export const filled: Record<ValueType, (n: number, value: number) => Typed> = {
  float32: (n, value) => new Float32Array(n).fill(value),
  int32: (n, value) => new Int32Array(n).fill(value),
  int64: (n, value) => new BigInt64Array(n).fill(BigInt(value)),
  bool: (n, value) => new Uint8Array(n).fill(value),
};

function attribute([name, value]: [string, Attribute]) {
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'object') return { name, type: 1, f: value.float };
  return { name, type: 2, i: value };
}

export interface OnnxModel {
  bytes: Uint8Array;
  nodes: number;
  /** Names of the inputs that the graph reads. */
  inputs: string[];
}

export interface OnnxOptions {
  /** Refer to frozen values that have a file by file, offset and length; otherwise all are written inline. */
  mapsFiles: boolean;
  /** Name of an output that precedes all others: a sequence that holds the first of them. */
  sequence?: string;
  /** Name of the graph. */
  graph?: string;
  /** Maps the name of an input or a frozen value to its name in the file. */
  rename?(name: string): string;
  /** Declare the first axis of every input and output as free, named `batch`. */
  freeBatch?: boolean;
  /** Version of the producer. */
  version?: string;
  metadata?: Record<string, string>;
}

/** Writes the graph that computes the named outputs. Declares only the inputs that it reads. */
export function writeOnnx(
  outputs: ReadonlyMap<string, Value>,
  {
    mapsFiles,
    sequence,
    graph: graphName = 'step',
    rename = (name) => name,
    freeBatch,
    version,
    metadata = {},
  }: OnnxOptions,
): OnnxModel {
  const nodes = reachable([...outputs.values()]);
  const names = new Map<Value, string>();
  const inputs: { name: string; type: object }[] = [];
  const initializers: object[] = [];
  const splats = new Map<string, string>();
  const proto: object[] = [];

  const axis = (size: number, i: number) => (freeBatch && i === 0 ? { dimParam: 'batch' } : { dimValue: size });
  const info = (name: string, v: Value) => ({
    name,
    type: { tensorType: { elemType: onnxType[v.dtype], shape: { dim: v.shape.map(axis) } } },
  });
  const entries = (record: Record<string, string | number>) =>
    Object.entries(record).map(([key, value]) => ({ key, value: String(value) }));
  const tensor = (name: string, v: Value, data: Typed) => ({
    name,
    dims: v.shape,
    dataType: onnxType[v.dtype],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
  const mapped = (name: string, v: Value, file: NonNullable<Frozen['file']>) => ({
    name,
    dims: v.shape,
    dataType: onnxType[v.dtype],
    dataLocation: externalLocation,
    externalData: entries({ location: file.name, offset: file.offset, length: file.length }),
  });

  const declare: Record<Exclude<Value['source']['kind'], 'node'>, (v: Value) => string> = {
    splat: (v) => {
      const value = (v.source as { value: number }).value;
      const key = `${value}:${v.dtype}:${v.shape}`;
      const known = splats.get(key);
      if (known) return known;
      const name = `splat_${splats.size}`;
      splats.set(key, name);
      initializers.push(tensor(name, v, filled[v.dtype](sizeOf(v.shape), value)));
      return name;
    },
    const: (v) => {
      const name = `const_${v.id}`;
      initializers.push(tensor(name, v, (v.source as { data: Typed }).data));
      return name;
    },
    frozen: (v) => {
      const { name: given, frozen } = v.source as { name: string; frozen: Frozen };
      const name = rename(given);
      if (mapsFiles && frozen.file) initializers.push(mapped(name, v, frozen.file));
      else initializers.push(tensor(name, v, frozen.read()));
      return name;
    },
    input: (v) => {
      const name = rename((v.source as { name: string }).name);
      inputs.push(info(name, v));
      return name;
    },
  };
  const nameOf = (v: Value): string => {
    let name = names.get(v);
    if (name === undefined) {
      if (v.source.kind === 'node') throw new Error(`internal: ${v.source.node.op} is used before it is made`);
      name = declare[v.source.kind](v);
      names.set(v, name);
    }
    return name;
  };
  const write = (node: Pick<Node, 'op' | 'domain' | 'attributes'>, name: string, input: string[], output: string[]) =>
    proto.push({
      name,
      opType: node.op,
      domain: node.domain,
      input,
      output,
      attribute: Object.entries(node.attributes).map(attribute),
    });

  const outputNames = new Map<Value, string>();
  for (const [name, v] of outputs) if (v.source.kind === 'node' && !outputNames.has(v)) outputNames.set(v, name);
  for (const node of nodes) {
    const input = node.inputs.map(nameOf);
    node.outputs.forEach((v, i) => {
      names.set(v, outputNames.get(v) ?? `${node.op}_${node.id}${i === 0 ? '' : `_${i}`}`);
    });
    write(
      node,
      `${node.op}_${node.id}`,
      input,
      node.outputs.map((v) => names.get(v)!),
    );
  }
  // an output that repeats another one, or is an input, needs a node to carry its name
  for (const [name, v] of outputs)
    if (outputNames.get(v) !== name)
      write({ op: 'Identity', domain: '', attributes: {} }, `output ${name}`, [nameOf(v)], [name]);

  const output: { name: string; type: object }[] = [...outputs].map(([name, v]) => info(name, v));
  if (sequence !== undefined) {
    const [{ name, type }] = output;
    write({ op: 'SequenceConstruct', domain: '', attributes: {} }, sequence, [name], [sequence]);
    output.unshift({ name: sequence, type: { sequenceType: { elemType: type } } });
  }

  const graph = {
    name: graphName,
    node: proto,
    initializer: initializers,
    input: inputs,
    output,
  };
  const usesOwn = nodes.some(({ domain }) => domain !== '');
  const opsetImport = [{ domain: '', version: opset }, ...(usesOwn ? [{ domain: 'com.microsoft', version: 1 }] : [])];
  const producer = { producerName: 'permafrost', ...(version && { producerVersion: version }) };
  const bytes = Model.encode(
    Model.create({ irVersion, ...producer, graph, opsetImport, metadataProps: entries(metadata) }),
  ).finish();
  if (bytes.length >= 2 ** 31) {
    throw new PermafrostError(
      'trace',
      `The graph takes ${bytes.length} bytes, but an ONNX file holds at most 2 GiB. Keep frozen weights in a .safetensors file.`,
    );
  }
  return { bytes, nodes: proto.length, inputs: inputs.map((i) => i.name) };
}
