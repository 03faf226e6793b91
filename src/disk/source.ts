/** A file on the disk as a source of bytes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '#formats/source';

/** Calls `use` with the open file's bytes. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(fileSource(file));
  } finally {
    closeSync(file);
  }
}

/** The same for a use that takes its time. */
export async function withOpenFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = openSync(path, 'r');
  try {
    return await use(fileSource(file));
  } finally {
    closeSync(file);
  }
}

function fileSource(file: number): ByteSource {
  const { size } = fstatSync(file);
  return {
    size,
    read(offset, length) {
      if (offset < 0 || offset + length > size) throw new RangeError(`bytes ${offset}–${offset + length} of ${size}`);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, offset + done);
        if (count === 0) throw new RangeError(`the file ends at ${offset + done} of ${size}`);
        done += count;
      }
      return bytes;
    },
  };
}
