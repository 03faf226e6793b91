/** Writes files while they are made, without holding them in memory. A file is complete or does not exist. */
import { createWriteStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeStreamAtomically } from '#disk/atomicFile';
import { diskError } from '#disk/troubles';

/** Joins lines into pieces that are large enough to write. */
export function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length <= 65536) continue;
    yield piece;
    piece = '';
  }
  if (piece) yield piece;
}

/**
 * Writes chunks to a file as fast as it accepts them. `-` is standard output, whose errors are thrown unchanged. Writes into a
 * device or a pipe instead of replacing it. Throws `disk`, and the errors of the chunks.
 */
export async function writeChunks(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  if (path === '-') return pipeline(Readable.from(chunks, { objectMode: false }), process.stdout, { end: false });
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || found.isFile() || found.isDirectory()) return writeStreamAtomically(path, chunks);
  await pipeline(Readable.from(chunks, { objectMode: false }), createWriteStream(path)).catch((error) => {
    throw diskError(path, error);
  });
}
