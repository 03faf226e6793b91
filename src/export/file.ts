/** Files that are written while they are made: whole or not at all, and never held in memory. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PermafrostError } from '#contract/errors';

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

/**
 * Writes chunks to a file as fast as it takes them; `-` is standard output, whose own errors come as they are. A device or a
 * pipe is written to, never replaced. Throws `disk`, and what the chunks throw of ours.
 */
export async function writeChunks(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const source = Readable.from(chunks, { objectMode: false });
  if (path === '-') return pipeline(source, process.stdout, { end: false });
  let draft: string | null = null;
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile()) return await pipeline(source, createWriteStream(path));
    const target = found ? realpathSync(path) : path;
    draft = `${target}.${randomUUID().slice(0, 8)}.tmp`;
    await pipeline(source, createWriteStream(draft, { flags: 'wx' })); // never through a link that waits there
    renameSync(draft, target);
  } catch (cause) {
    if (draft) rmSync(draft, { force: true });
    if (cause instanceof PermafrostError) throw cause;
    throw new PermafrostError(
      'disk',
      `${path} could not be written: ${(cause as Error).message}. Choose another place.`,
      { cause },
    );
  }
}
