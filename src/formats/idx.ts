/** IDX, the format of the MNIST files: the big-endian magic number 0x0000 08 rank, then dimensions, then unsigned bytes. */
import { PermafrostError } from '#contract/errors';
import type { ByteSource } from './source.ts';

export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

const unsignedBytes = 0x08;

/** Reads an IDX file of `rank` dimensions. Throws `data` with `name`, what was expected and what was found. */
export function readIdx(source: ByteSource, rank: number, name: string): IdxArray {
  const fail = (what: string) =>
    new PermafrostError('data', `${name}: ${what} Get the file again, or point to another folder.`);
  const start = 4 + 4 * rank;
  if (source.size < start) throw fail(`expected an IDX header of ${start} bytes; the file has ${source.size}.`);
  const header = source.read(0, start);
  const view = new DataView(header.buffer, header.byteOffset, start);
  const [expected, found] = [(unsignedBytes << 8) | rank, view.getUint32(0)];
  if (found !== expected)
    throw fail(`expected the magic number ${expected} of an IDX file of rank ${rank}; found ${found}.`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  if (source.size !== start + size) {
    throw fail(
      `its header states [${shape}], which makes ${start + size} bytes; the file has ${source.size}${source.size < start + size ? ', so it is cut off' : ''}.`,
    );
  }
  return { shape, data: source.read(start, size) };
}
