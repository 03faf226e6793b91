/** Files that are written while they are made: whole or not at all, and never held in memory. */
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError } from '#disk/troubles';

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

/** Writes chunks to a file as fast as it takes them; `-` is standard output. Throws `disk`, and what the chunks throw. */
export async function writeChunks(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const source = Readable.from(chunks, { objectMode: false });
  if (path === '-') return pipeline(source, process.stdout, { end: false });
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(source, createWriteStream(draft));
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw diskError(path, cause);
  }
}
