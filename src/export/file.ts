/** Files that are written while they are made: whole or not at all, and never held in memory. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sweepDraftsOf, writeStreamAtomically } from '#disk/atomicFile';

/** Lines joined into pieces that are worth a write each. */
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

/** Writes chunks to a file; `-` is standard output. Throws `disk`, and what the chunks throw. */
export async function writeChunks(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  if (path === '-') return pipeline(Readable.from(chunks, { objectMode: false }), process.stdout, { end: false });
  sweepDraftsOf(path);
  await writeStreamAtomically(path, chunks);
}
