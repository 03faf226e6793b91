/**
 * CIFAR-10's binary version: records of one label byte and 3,072 pixel bytes, with a red, a green and a blue plane, row by row.
 * Format: cs.toronto.edu/~kriz/cifar.html.
 */

import { PermafrostError } from '#contract/errors';
import { countText, plural } from '#contract/format';
import type { ByteSource } from './source.ts';

const pixels = 32 * 32;
const record = 1 + 3 * pixels;

export interface CifarImages {
  /** [count, 32, 32, 3]: channels last, unlike the file. */
  images: Uint8Array;
  labels: Uint8Array;
}

/** Reads the images of a file. Throws `data` with `name` if its size is not a whole number of records, or if a label is above 9. */
export function readCifar(source: ByteSource, name: string): CifarImages {
  const count = source.size / record;
  if (!Number.isInteger(count) || count === 0) {
    throw new PermafrostError(
      'data',
      `${name}: expected records of ${countText(record)} bytes; the file has ${source.size} bytes, which is ${source.size === 0 ? 'no record' : `${plural(Math.floor(count), 'record')} and a part of one`}. Get the file again.`,
    );
  }
  const images = new Uint8Array(count * 3 * pixels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const bytes = source.read(i * record, record);
    if (bytes[0] > 9) {
      throw new PermafrostError(
        'data',
        `${name}: expected labels 0 to 9; found ${bytes[0]} at image ${i}. Get the file again.`,
      );
    }
    labels[i] = bytes[0];
    const start = i * 3 * pixels;
    for (let channel = 0; channel < 3; channel++) {
      const plane = 1 + channel * pixels;
      for (let pixel = 0; pixel < pixels; pixel++) images[start + 3 * pixel + channel] = bytes[plane + pixel];
    }
  }
  return { images, labels };
}
