/** Writes a state dict like torch.save before PyTorch 1.6: several pickles, then the length and the values of every storage. */
type Shapes = Readonly<Record<string, readonly number[]>>;

const bytes = (...parts: (string | number | Uint8Array)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Uint8Array.of(part) : typeof part === 'string' ? Buffer.from(part) : part,
    ),
  );
const int32 = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const int64 = (value: number): Uint8Array => new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
const text = (value: string): Uint8Array => bytes('X', int32(Buffer.byteLength(value)), value);
const tuple = (values: readonly number[]): Uint8Array => bytes('(', ...values.flatMap((v) => ['J', int32(v)]), 't');
const pickle = (...parts: (string | number | Uint8Array)[]): Uint8Array => bytes(0x80, 2, ...parts, '.');
const magic = Buffer.from('6cfc9c46f9206aa85019', 'hex'); // 0x1950a86a20f9469cfc6c, little-endian

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const stridesOf = (shape: readonly number[]): number[] => shape.map((_, i) => size(shape.slice(i + 1)));

const tensor = (shape: readonly number[], key: number): Uint8Array =>
  bytes(
    ...['ctorch._utils\n_rebuild_tensor_v2\n', '(', '(', text('storage'), 'ctorch\nFloatStorage\n'],
    ...[text(String(key)), text('cpu'), 'J', int32(size(shape)), 'N', 't', 'Q', 'K', 0],
    ...[tuple(shape), tuple(stridesOf(shape)), 0x89, '}', 't', 'R'],
  );

/** Yields the file in pieces. `values` returns the bytes of a float32 tensor. */
export function* legacyTorchChunks(
  shapes: Shapes,
  values: (shape: readonly number[], index: number) => Uint8Array,
): Generator<Uint8Array> {
  const entries = Object.entries(shapes);
  yield pickle(0x8a, magic.length, magic);
  yield pickle('M', int32(1001).subarray(0, 2));
  yield pickle('}(', text('protocol_version'), 'M', int32(1001).subarray(0, 2), text('little_endian'), 0x88, 'u');
  yield pickle('}(', ...entries.map(([name, shape], key) => bytes(text(name), tensor(shape, key))), 'u');
  yield pickle('](', ...entries.map((_, key) => text(String(key))), 'e');
  for (const [key, [, shape]] of entries.entries()) {
    yield int64(size(shape));
    yield values(shape, key);
  }
}
