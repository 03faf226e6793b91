/** A file on the disk as a source of bytes. Only regular files are opened: a pipe or a device would never end. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from '#formats/source';

/** Calls `use` with the open file's bytes. Throws `disk` where they cannot be read, or end while they are read. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  const file = openFile(path);
  try {
    return use(fileSource(file, path));
  } finally {
    closeSync(file);
  }
}

/** The same for a use that takes its time. */
export async function withOpenFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = openFile(path);
  try {
    return await use(fileSource(file, path));
  } finally {
    closeSync(file);
  }
}

/** A whole file of at most `most` bytes; a larger one is refused unread. Throws `disk`, and `data` for one that is too large. */
export const readSmallFile = (path: string, most: number): Uint8Array =>
  withFile(path, (source) => {
    if (source.size <= most) return source.read(0, source.size);
    const size = (bytes: number) => bytes.toLocaleString('en');
    throw new PermafrostError(
      'data',
      `${path}: expected at most ${size(most)} bytes; the file has ${size(source.size)}. Put the right file there.`,
    );
  });

/** The same as text. */
export const readSmallText = (path: string, most: number): string =>
  new TextDecoder().decode(readSmallFile(path, most));

/** The error of a file that is gone or closed to us, whoever was reading it. */
export const unreadable = (path: string, why: string, cause?: unknown): PermafrostError =>
  new PermafrostError('disk', `${path} cannot be read: ${why}. Check that the file is there and may be read.`, {
    cause,
  });

/** Opens a regular file to be read. Throws `disk`. */
export function openFile(path: string): number {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe that nobody writes would block for ever
  } catch (cause) {
    throw unreadable(path, (cause as Error).message, cause);
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw unreadable(path, 'it is no regular file');
}

function fileSource(file: number, path: string): ByteSource {
  const { size } = fstatSync(file);
  return {
    size,
    read(offset, length) {
      if (offset < 0 || offset + length > size) throw new RangeError(`bytes ${offset}–${offset + length} of ${size}`);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readInto(bytes, done, offset + done);
        if (count === 0)
          throw new PermafrostError(
            'disk',
            `${path} had ${size} bytes and now ends at ${offset + done}: it was cut off while it was read. Get the file again.`,
          );
        done += count;
      }
      return bytes;
    },
  };

  function readInto(bytes: Uint8Array, at: number, position: number): number {
    try {
      return readSync(file, bytes, at, bytes.length - at, position);
    } catch (cause) {
      throw unreadable(path, (cause as Error).message, cause);
    }
  }
}
