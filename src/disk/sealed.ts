/**
 * Sealed safetensors files have their own SHA-256 in their metadata, so that a changed bit is detected before it is used. The hash
 * is computed over the file with zeros in place of the hash.
 */
import { createHash } from 'node:crypto';
import { type SafetensorsType, safetensorsHeader } from '#formats/safetensors';
import type { ByteSource } from '#formats/source';
import { writeDraft, writeFully } from './atomicFile.ts';

const key = 'permafrost.sha256';
const zeros = '0'.repeat(64);
const pieces = 4 * 2 ** 20; // bytes

export interface SealedContent {
  tensors: Record<string, { shape: readonly number[]; dtype: SafetensorsType }>;
  metadata?: Record<string, string>;
  /** The values of the tensors, one after the other. */
  chunks: Iterable<Uint8Array>;
}

/** Replaces the file at `path`. If that fails, throws `disk` and leaves the old file intact. */
export function writeSealed(path: string, { tensors, metadata, chunks }: SealedContent): void {
  const { header } = safetensorsHeader(tensors, { [key]: zeros, ...metadata });
  const hash = createHash('sha256').update(header);
  writeDraft(path, (file) => {
    writeFully(file, header);
    let at = header.length;
    for (const chunk of chunks) {
      writeFully(file, chunk, at);
      hash.update(chunk);
      at += chunk.length;
    }
    writeFully(file, Buffer.from(hash.digest('hex')), placeOf(header)!);
  });
}

/** Offset of the hash in a header; null if it has none. */
function placeOf(header: Uint8Array): number | null {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('latin1');
  const found = new RegExp(`"${key.replace('.', '\\.')}":"([0-9a-f]{64})"`).exec(text);
  return found && found.index + found[0].length - 65;
}

/** Whether the file matches its hash; null for a file without one. Reads the whole file. */
export function isIntact(source: ByteSource): boolean | null {
  if (source.size < 8) return null;
  const first = source.read(0, 8);
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (8 + length > source.size) return null;
  const header = source.read(0, 8 + length);
  const place = placeOf(header);
  if (place === null) return null;
  const stated = Buffer.from(header.subarray(place, place + 64)).toString('latin1');
  header.set(Buffer.from(zeros), place);
  const hash = createHash('sha256').update(header);
  for (let at = header.length; at < source.size; at += pieces)
    hash.update(source.read(at, Math.min(pieces, source.size - at)));
  return hash.digest('hex') === stated;
}
