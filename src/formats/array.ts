/** An array in a file of any format: its type, its shape, and its bytes on request. */
import { decode } from './safetensors.ts';

export interface StoredArray {
  /** A type's name in safetensors, or the own name of an unsupported type. */
  dtype: string;
  shape: number[];
  /** The place of the array's row-major little-endian bytes in the file; null if they are not contiguous there. */
  place: { offset: number; length: number } | null;
  /** The row-major little-endian bytes, in pieces of whole elements. Throws `weights` if a checksum is wrong. */
  chunks(): Iterable<Uint8Array>;
  /** Compares the checksum; absent if the format has none. */
  check?(): void;
}

export const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const floats: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];
/** Whether the values are floating-point numbers, as those of parameters must be. */
export const isFloat = ({ dtype }: StoredArray): boolean => floats.includes(dtype);

/** The values as float32, in pieces. Narrower types are widened exactly; float64 is rounded. */
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

/** The transpose of the array, which counts as a matrix of `rows` rows, whatever its axes. It is in memory while it is read. */
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
