/** An array in a file of any format: its type, its shape, and its bytes on request. */
import { decode } from './safetensors.ts';

export interface StoredArray {
  /** The name that safetensors uses, or an unsupported type's own name. */
  dtype: string;
  shape: number[];
  /** Where its row-major little-endian bytes are contiguous in the file; null where they must be assembled. */
  place: { offset: number; length: number } | null;
  /** Row-major little-endian bytes in pieces of whole elements. Throws `weights` when a checksum is wrong. */
  chunks(): Iterable<Uint8Array>;
  /** Compares the checksum, where the format has one. */
  check?(): void;
}

export const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const floats: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];
/** Whether its values are floating-point numbers, which a parameter's must be. */
export const isFloat = ({ dtype }: StoredArray): boolean => floats.includes(dtype);

/** The values as float32 in pieces; narrower types are widened exactly, float64 is rounded. */
export function* float32Chunks(array: StoredArray): Generator<Float32Array> {
  for (const bytes of array.chunks()) {
    const values = decode(array.dtype, bytes);
    yield values instanceof Float32Array ? values : Float32Array.from(values as Float64Array);
  }
}

/** All values as float32. */
export function float32Values(array: StoredArray): Float32Array {
  const values = new Float32Array(elementsOf(array.shape));
  let at = 0;
  for (const chunk of float32Chunks(array)) {
    values.set(chunk, at);
    at += chunk.length;
  }
  return values;
}

/** The transpose of the array seen as a matrix of `rows` rows, however many axes it has; in memory while it is read. */
export function transposed(array: StoredArray, rows: number): StoredArray {
  const columns = elementsOf(array.shape) / rows;
  return {
    dtype: 'F32',
    shape: [columns, rows],
    place: null,
    *chunks() {
      const from = float32Values(array);
      const to = new Float32Array(from.length);
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
      yield new Uint8Array(to.buffer);
    },
  };
}
