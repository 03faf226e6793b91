/** Reads files on the disk as byte sources. Opens only regular files, since a pipe or a device may never end. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type ErrorCode, PermafrostError } from '#contract/errors';
import { countText } from '#contract/format';
import { readJson } from '#formats/json';
import type { ByteSource } from '#formats/source';
import { diskError } from './troubles.ts';

/** Opens a file, calls `use` with its bytes and closes it. Throws `disk` if the file cannot be read or is truncated meanwhile. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  const file = openFile(path);
  try {
    return use(fileSource(file, path));
  } finally {
    closeSync(file);
  }
}

/** Like {@link withFile}, for an asynchronous `use`. */
export async function withOpenFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = openFile(path);
  try {
    return await use(fileSource(file, path));
  } finally {
    closeSync(file);
  }
}

/** Reads a whole file of at most `most` bytes. Throws `disk`, or `data` for a larger file, which is not read. */
export const readSmallFile = (path: string, most: number): Uint8Array =>
  withFile(path, (source) => {
    if (source.size <= most) return source.read(0, source.size);
    throw new PermafrostError(
      'data',
      `${path}: expected at most ${countText(most)} bytes; the file has ${countText(source.size)}. Put the right file there.`,
    );
  });

/** Parses a JSON file of at most `most` bytes. Throws `disk`, `data` for a larger file, or `code` if the file is not JSON. */
export const readSmallJson = (path: string, most: number, code: ErrorCode): unknown =>
  readJson(readSmallFile(path, most), path, code);

/** Opens a regular file for reading. Throws `disk`. */
export function openFile(path: string): number {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // opening a pipe without a writer would block
  } catch (error) {
    throw diskError(path, error, 'read');
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new PermafrostError('disk', `${path} is not a regular file. Choose another file.`);
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
            `${path} had ${size} bytes but now ends at ${offset + done}: it was truncated while it was read. Get the file again.`,
          );
        done += count;
      }
      return bytes;
    },
  };

  function readInto(bytes: Uint8Array, at: number, position: number): number {
    try {
      return readSync(file, bytes, at, bytes.length - at, position);
    } catch (error) {
      throw diskError(path, error, 'read');
    }
  }
}
