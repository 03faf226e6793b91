/**
 * A tfjs backend that records a graph instead of computing: its "data" are Values of the graph. A program that reads a
 * value while it is traced is refused, because the graph would contain that value as a constant.
 */
import * as tf from '@tensorflow/tfjs-core';
import { PermafrostError } from '#contract/errors';
import { Graph, sizeOf, splatOf, type Value, type ValueType } from './graph.ts';

export const tracerName = 'permafrost-trace';

/** Most elements of a literal. A larger one is presumably a random draw or a captured batch. */
const largestLiteral = 64;

const typeOf: Record<string, ValueType> = { float32: 'float32', int32: 'int32', bool: 'bool' };

interface Entry {
  value: Value;
  refCount: number;
}

export class Tracer extends tf.KernelBackend {
  graph = new Graph();
  #entries = new WeakMap<object, Entry>();
  #count = 0;

  put(value: Value): object {
    const id = {};
    this.#entries.set(id, { value, refCount: 1 });
    this.#count++;
    return id;
  }
  get(dataId: object): Value {
    if (!this.#entries.has(dataId)) tf.engine().moveData(this, dataId); // a tensor made on another backend
    return this.#entries.get(dataId)!.value;
  }
  tensor(value: Value): tf.Tensor {
    return tf.engine().makeTensorFromDataId(this.put(value), [...value.shape], value.dtype as tf.DataType, this);
  }
  recorded(tensor: tf.Tensor): Value {
    return this.get(tensor.dataId);
  }

  #literal(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): Value {
    const type = typeOf[dtype];
    if (!type)
      throw new PermafrostError(
        'trace',
        `The traced program made a ${dtype} tensor [${shape}]; expected float32, int32 or bool.`,
      );
    const numbers = (values ?? new Float32Array(sizeOf(shape))) as ArrayLike<number>;
    const data =
      type === 'float32'
        ? Float32Array.from(numbers)
        : type === 'int32'
          ? Int32Array.from(numbers)
          : Uint8Array.from(numbers);
    return this.graph.constant(data, shape, type);
  }
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const value = this.#literal(values, shape, dtype);
    if (value.source.kind === 'const' && sizeOf(shape) > largestLiteral) {
      throw new PermafrostError(
        'trace',
        `The traced program made a literal ${dtype} tensor [${shape}]. It would be the same at every step: ` +
          'feed it as an input, pass it as frozen data, or draw it from `noise`.',
      );
    }
    return this.put(value);
  }
  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType, refCount: number): void {
    this.#entries.set(dataId, { value: this.#literal(values, shape, dtype), refCount });
    this.#count++;
  }
  override readSync(dataId: object): tf.BackendValues {
    const value = this.get(dataId);
    const splat = splatOf(value);
    if (splat !== undefined) {
      return (
        value.dtype === 'float32' ? new Float32Array(sizeOf(value.shape)) : new Int32Array(sizeOf(value.shape))
      ).fill(splat);
    }
    if (value.source.kind === 'const') return value.source.data as tf.BackendValues;
    const made = value.source.kind === 'node' ? value.source.node.op : value.source.kind;
    throw new PermafrostError(
      'trace',
      `The traced program reads the value of a tensor [${value.shape}] made by ${made} (dataSync, data, array or print). ` +
        'Values do not exist while a program is traced. Return the tensor as an output instead.',
    );
  }
  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }
  override disposeData(dataId: object, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (!entry) return true;
    if (--entry.refCount > 0 && !force) return false;
    this.#entries.delete(dataId);
    this.#count--;
    return true;
  }
  override incRef(dataId: object): void {
    const entry = this.#entries.get(dataId);
    if (entry) entry.refCount++;
  }
  override refCount(dataId: object): number {
    return this.#entries.get(dataId)?.refCount ?? 0;
  }
  override numDataIds(): number {
    return this.#count;
  }
  override memory() {
    return { unreliable: true, reasons: ['A trace computes no values.'] };
  }
  override epsilon(): number {
    return 1e-7;
  }
  override floatPrecision(): 16 | 32 {
    return 32;
  }
  override dispose(): void {}
}
