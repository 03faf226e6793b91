/** NumPy's .npz: a zip of .npy arrays, stored or deflated. Source: numpy/lib/format.py. */
import { PermafrostError } from '#contract/errors';
import { elementsOf, type StoredArray } from './array.ts';
import { bytesPerElement, isKnownType, type SafetensorsType } from './safetensors.ts';
import type { ByteSource } from './source.ts';
import { entryChunks, readZip, type ZipEntry } from './zip.ts';

const damaged = (what: string): PermafrostError =>
  new PermafrostError('weights', `The .npz file is invalid: ${what} Fetch or write it again.`);

const dtypes: Record<string, SafetensorsType> = {
  ...{ '<f4': 'F32', '<f2': 'F16', '<f8': 'F64', '<i8': 'I64', '<i4': 'I32', '<i2': 'I16' },
  ...{ '|i1': 'I8', '|u1': 'U8', '|b1': 'BOOL', '|V2': 'BF16' }, // JAX's bfloat16 has no NumPy type
};

/** The arrays by their names without `.npy`. Throws `weights`. */
export function readNpz(source: ByteSource): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  for (const entry of readZip(source).values()) {
    if (entry.name.endsWith('.npy')) arrays.set(entry.name.slice(0, -4), openNpy(source, entry));
  }
  if (arrays.size === 0) throw damaged('it has no arrays.');
  return arrays;
}

/** Opens an array. One of an unsupported type fails only when its values are read, since a file may contain arrays that are not needed. */
function openNpy(source: ByteSource, entry: ZipEntry): StoredArray {
  const { start, dtype, shape, unread } = readHeader(source, entry);
  if (unread !== null || !isKnownType(dtype)) {
    const why = unread ?? `has dtype ${dtype}; supported: ${Object.keys(dtypes).join(', ')}`;
    return { dtype, shape, place: null, chunks: () => refuse(`${entry.name} ${why}.`) };
  }
  const width = bytesPerElement[dtype];
  const expected = start + elementsOf(shape) * width;
  if (entry.size !== expected)
    throw damaged(
      `${entry.name} is ${dtype} [${shape}]: expected ${expected} bytes with its header, found ${entry.size}.`,
    );
  const chunks = () => wholeElements(behind(entryChunks(source, entry), start), width);
  return { dtype, shape, place: null, chunks };
}

function refuse(what: string): never {
  throw damaged(what);
}

interface NpyHeader {
  /** Offset of the values. */
  start: number;
  dtype: string;
  shape: number[];
  /** Why the values cannot be read; null if they can. */
  unread: string | null;
}

/** The header: magic, version, length, then a Python dictionary as text. */
function readHeader(source: ByteSource, entry: ZipEntry): NpyHeader {
  const bytes = beginning(entryChunks(source, entry));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059)
    throw damaged(`${entry.name} does not begin with the magic number of an array.`);
  const [prefix, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (prefix + length > bytes.length) throw damaged(`the header of ${entry.name} is cut off.`);
  const text = new TextDecoder().decode(bytes.subarray(prefix, prefix + length));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    throw damaged(`the header of ${entry.name} cannot be read: ${JSON.stringify(text.trim().slice(0, 80))}.`);
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const isFortran = order === 'True' && shape.length > 1;
  return {
    start: prefix + length,
    dtype: Object.hasOwn(dtypes, descr) ? dtypes[descr] : descr,
    shape,
    unread: isFortran ? 'is in Fortran order; save it with np.ascontiguousarray' : null,
  };
}

/** The first bytes of an entry, which include its header. */
function beginning(chunks: Iterable<Uint8Array>): Uint8Array {
  const most = 12 + 0xffff;
  let bytes = new Uint8Array(0);
  for (const chunk of chunks) {
    const more = new Uint8Array(Math.min(most, bytes.length + chunk.length));
    more.set(bytes);
    more.set(chunk.subarray(0, more.length - bytes.length), bytes.length);
    bytes = more;
    if (bytes.length === most) break;
  }
  return bytes;
}

function* behind(chunks: Iterable<Uint8Array>, start: number): Generator<Uint8Array> {
  let at = 0;
  for (const chunk of chunks) {
    const skip = Math.max(0, start - at);
    at += chunk.length;
    if (skip < chunk.length) yield chunk.subarray(skip);
  }
}

/** Cuts pieces between elements, since inflating cuts them anywhere. */
function* wholeElements(chunks: Iterable<Uint8Array>, width: number): Generator<Uint8Array> {
  let rest = new Uint8Array(0);
  for (const chunk of chunks) {
    let bytes = chunk;
    if (rest.length > 0) {
      bytes = new Uint8Array(rest.length + chunk.length);
      bytes.set(rest);
      bytes.set(chunk, rest.length);
    }
    const whole = bytes.length - (bytes.length % width);
    if (whole > 0) yield bytes.subarray(0, whole);
    rest = bytes.slice(whole);
  }
}
