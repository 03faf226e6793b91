/** Hashes of bytes and files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { diskError } from './troubles.ts';

/** SHA-256 of bytes, in hex. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Size and hash of a file, which is read in chunks. `onChunk` receives each chunk. Throws `disk`. */
export async function hashFile(
  path: string,
  algorithm: 'sha256' | 'md5' = 'sha256',
  onChunk: (chunk: Uint8Array) => void = () => {},
): Promise<{ bytes: number; hash: string }> {
  const hash = createHash(algorithm);
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk);
      bytes += chunk.length;
      onChunk(chunk);
    }
  } catch (error) {
    throw diskError(path, error, 'read');
  }
  return { bytes, hash: hash.digest('hex') };
}
