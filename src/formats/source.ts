/** A byte source: random access to bytes that need not be in memory. */
export interface ByteSource {
  readonly size: number;
  /** Reads exactly `length` bytes from `offset`. Throws if they reach past `size`. */
  read(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.byteLength) {
        throw new RangeError(`bytes ${offset}–${offset + length} of ${bytes.byteLength}`);
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** The bytes of a source in order, in pieces. */
export function* sourceChunks(source: ByteSource, step = 2 ** 20): Generator<Uint8Array> {
  for (let at = 0; at < source.size; at += step) yield source.read(at, Math.min(step, source.size - at));
}
