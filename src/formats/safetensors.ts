/**
 * safetensors files: an 8-byte header length, a JSON header, then raw little-endian data.
 * Format: github.com/huggingface/safetensors. This reader is as strict as the original: tensors follow each other without
 * gaps, and nothing follows the last one. It reads only the header; values are read on request.
 */
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from './source.ts';

/** Bytes per element. */
export const bytesPerElement = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type SafetensorsType = keyof typeof bytesPerElement;

export const isKnownType = (dtype: string): dtype is SafetensorsType => Object.hasOwn(bytesPerElement, dtype);

export interface StoredTensor {
  /** A key of {@link bytesPerElement}, or an unsupported type such as F8_E4M3. */
  dtype: string;
  shape: number[];
  /** Offset of the first byte from the start of the file. */
  offset: number;
  /** Number of bytes. */
  length: number;
}
export interface SafetensorsFile {
  metadata: Record<string, string>;
  tensors: Map<string, StoredTensor>;
}

/** In bytes. A tensor takes about 100 bytes: GPT-2 XL has 60 kB, and models of a trillion parameters have less than 1 MB per file. */
const largestHeader = 4 * 2 ** 20;
const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const damaged = (what: string): PermafrostError =>
  new PermafrostError('weights', `The safetensors file is invalid: ${what} Fetch or write it again.`);

/** Reads the tensors of a file by name. Throws `weights` for a damaged header, JSON, dtype, shape or bounds, and for overlaps or gaps. */
export function readSafetensors(source: ByteSource): SafetensorsFile {
  if (source.size < 8) throw damaged(`it has ${source.size} bytes; expected at least the 8 bytes of a header length.`);
  const first = source.read(0, 8);
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (8 + length > source.size)
    throw damaged(`its header should have ${length} bytes, but the file has ${source.size}.`);
  if (length > largestHeader)
    throw damaged(
      `its header has ${length} bytes; expected at most ${largestHeader}, which is enough for 30,000 tensors.`,
    );
  const start = 8 + length;
  const header = parseHeader(source.read(8, length));
  const { __metadata__, ...entries } = header;
  const metadata = checkMetadata(__metadata__);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) tensors.set(name, checkEntry(name, entry, start, source.size));
  refuseGaps(tensors, start, source.size);
  return { metadata, tensors };
}

/** Throws unless every byte of the data belongs to exactly one tensor, as the format requires. */
function refuseGaps(tensors: ReadonlyMap<string, StoredTensor>, start: number, size: number): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let [end, before] = [start, ''];
  for (const [name, { offset, length }] of sorted) {
    if (offset < end) throw damaged(`${before} and ${name} share bytes.`);
    if (offset > end) throw damaged(`the ${offset - end} bytes before ${name} belong to no tensor.`);
    [end, before] = [offset + length, name];
  }
  if (end < size) throw damaged(`${size - end} bytes follow its last tensor.`);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    checkStructure(bytes);
    const header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (header && typeof header === 'object' && !Array.isArray(header)) return header;
  } catch (error) {
    if (error instanceof PermafrostError) throw error;
    throw damaged(`its header is not JSON (${(error as Error).message}).`);
  }
  throw damaged('its header is not a JSON object.');
}

const longestName = 1000;
const mostLists = 3 * 40_000; // three in a tensor
const deepest = 3; // {"name": {"shape": [ … ]}}
const [quote, backslash, colon, opening, closing] = ['"', '\\', ':', '{[', '}]'].map((text) =>
  [...text].map((character) => character.charCodeAt(0)),
);

/** Refuses JSON that JSON.parse accepts: deep nesting, and repeated names, of which it would keep the last. */
function checkStructure(bytes: Uint8Array): void {
  const names: (Set<string> | null)[] = []; // of the enclosing objects; null for a list
  let lists = 0;
  let text = { start: 0, end: 0 };
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === quote[0]) {
      text = { start: at, end: endOfText(bytes, at) };
      at = text.end - 1;
    } else if (opening.includes(code)) {
      if (names.push(code === opening[0] ? new Set() : null) > deepest)
        throw damaged('its header is nested too deeply.');
      if (++lists > mostLists) throw damaged(`its header has more than ${mostLists} lists and objects.`);
    } else if (closing.includes(code)) names.pop();
    else if (code === colon[0]) {
      const name: string = JSON.parse(new TextDecoder().decode(bytes.subarray(text.start, text.end)));
      if (name.length > longestName) throw damaged(`a name in its header has ${name.length} characters.`);
      if (names.at(-1)?.has(name)) throw damaged(`its header has ${JSON.stringify(name)} twice.`);
      names.at(-1)?.add(name);
    }
  }
}

/** Index after the closing quote of the string that begins at `start`. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote[0]) at += bytes[at] === backslash[0] ? 2 : 1;
  return at + 1;
}

function checkMetadata(metadata: unknown = {}): Record<string, string> {
  const isText = (value: unknown) => typeof value === 'string';
  if (metadata && typeof metadata === 'object' && Object.values(metadata).every(isText))
    return metadata as Record<string, string>;
  throw damaged(`its __metadata__ is ${JSON.stringify(metadata).slice(0, 80)}; expected an object of strings.`);
}

function checkEntry(name: string, entry: unknown, start: number, size: number): StoredTensor {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (entry ?? {}) as { dtype: string; shape: number[]; data_offsets: [number, number] };
  const whole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (typeof dtype !== 'string' || !/^\w{1,20}$/.test(dtype))
    throw damaged(`${name} has dtype ${JSON.stringify(dtype)?.slice(0, 40)}; expected the name of a type.`);
  if (!Array.isArray(shape) || !shape.every(whole))
    throw damaged(`${name} has shape ${JSON.stringify(shape)?.slice(0, 80)}; expected a list of sizes.`);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(whole) ||
    offsets[1] < offsets[0] ||
    start + offsets[1] > size
  ) {
    throw damaged(
      `${name} should be at bytes ${JSON.stringify(offsets)?.slice(0, 80)}, which are outside the ${size - start} bytes of data.`,
    );
  }
  const length = offsets[1] - offsets[0];
  const expected = isKnownType(dtype) ? elements(shape) * bytesPerElement[dtype] : length;
  if (length !== expected)
    throw damaged(`${name} is ${dtype} [${shape}]: expected ${expected} bytes, found ${length}.`);
  return { dtype, shape, offset: start + offsets[0], length };
}

type Values = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | BigInt64Array;
const copied = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes); // slice() of a Node Buffer would be a view
const aligned = (bytes: Uint8Array): ArrayBuffer => copied(bytes).buffer;
const decoders: Record<SafetensorsType, (bytes: Uint8Array) => Values> = {
  F64: (bytes) => new Float64Array(aligned(bytes)),
  F32: (bytes) => new Float32Array(aligned(bytes)),
  F16: widenHalves,
  BF16: widenBrainFloats,
  I64: (bytes) => new BigInt64Array(aligned(bytes)),
  I32: (bytes) => new Int32Array(aligned(bytes)),
  I16: (bytes) => new Int16Array(aligned(bytes)),
  I8: (bytes) => new Int8Array(aligned(bytes)),
  U8: copied,
  BOOL: copied,
};

/** Copies little-endian bytes into values; F16 and BF16 become float32. Throws `weights` for an unsupported type. */
export function decode(dtype: string, bytes: Uint8Array): Values {
  if (isKnownType(dtype)) return decoders[dtype](bytes);
  throw damaged(`values of dtype ${dtype} cannot be read; supported: ${Object.keys(bytesPerElement).join(', ')}.`);
}

/** Reads the values of a tensor; F16 and BF16 become float32. */
export const tensorData = (source: ByteSource, tensor: StoredTensor): Values =>
  decode(tensor.dtype, source.read(tensor.offset, tensor.length));

/** Value of the last fraction bit for each combination of a half's sign and exponent bits; infinite for the last exponent. */
const halfUnits = Float64Array.from({ length: 64 }, (_, bits) => {
  const exponent = bits & 0x1f;
  return (bits & 0x20 ? -1 : 1) * (exponent === 0x1f ? Number.POSITIVE_INFINITY : 2 ** (Math.max(exponent, 1) - 25));
});

/** Widens IEEE 754 binary16 exactly. It is a plain loop for speed, because some models have 350 M halves. */
function widenHalves(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(aligned(bytes));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    const exponent = half & 0x7c00;
    const fraction = half & 0x3ff;
    const noNumber = exponent === 0x7c00 && fraction !== 0;
    values[i] = noNumber ? Number.NaN : (exponent === 0 ? fraction : 1024 + fraction) * halfUnits[half >> 10];
  }
  return values;
}

/** Widens bfloat16, which is the upper half of a float32. */
function widenBrainFloats(bytes: Uint8Array): Float32Array {
  const upper = new Uint16Array(aligned(bytes));
  const words = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) words[i] = upper[i] << 16;
  return new Float32Array(words.buffer);
}

export interface TensorSpec {
  shape: readonly number[];
  dtype: SafetensorsType;
}

/** Makes the header of a file of these tensors, and returns the place of each tensor in that file. Data starts at a multiple of 64. */
export function safetensorsHeader(
  specs: Record<string, TensorSpec>,
  metadata: Record<string, string> = {},
): { header: Uint8Array; places: Record<string, { offset: number; length: number }> } {
  let at = 0;
  const entries: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const ranges: Record<string, { offset: number; length: number }> = {};
  for (const [name, { shape, dtype }] of Object.entries(specs)) {
    const length = elements(shape) * bytesPerElement[dtype];
    entries[name] = { dtype, shape, data_offsets: [at, at + length] };
    ranges[name] = { offset: at, length };
    at += length;
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  const start = Math.ceil((8 + json.length) / 64) * 64;
  const header = new Uint8Array(start).fill(0x20); // the format pads with spaces
  new DataView(header.buffer).setBigUint64(0, BigInt(start - 8), true);
  header.set(json, 8);
  const places = Object.fromEntries(
    Object.entries(ranges).map(([name, r]) => [name, { ...r, offset: start + r.offset }]),
  );
  return { header, places };
}

/** The bytes of a whole file, in chunks. */
export function* safetensorsChunks(
  tensors: Record<string, { shape: readonly number[]; data: Float32Array | Int32Array }>,
  metadata: Record<string, string> = {},
): Generator<Uint8Array> {
  const specs = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      { shape, dtype: data instanceof Int32Array ? ('I32' as const) : ('F32' as const) },
    ]),
  );
  yield safetensorsHeader(specs, metadata).header;
  for (const { data } of Object.values(tensors)) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
