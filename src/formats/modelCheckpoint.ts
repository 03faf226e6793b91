/** The table of formats of pretrained models. A file's first bytes decide its format, not its name. */
import { PermafrostError } from '#contract/errors';
import type { StoredArray } from './array.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';
import type { ByteSource } from './source.ts';
import { readTorch } from './torch.ts';
import { isZip, readZip } from './zip.ts';

interface CheckpointFormat {
  name: string;
  /** Whether a file begins like files of this format. */
  fits(source: ByteSource): boolean;
  read(source: ByteSource): Map<string, StoredArray>;
}

/** The first format that fits is used. PyTorch is last, because its legacy files have no distinctive beginning. */
const formats: readonly CheckpointFormat[] = [
  { name: 'npz', fits: isNpz, read: readNpz },
  { name: 'safetensors', fits: isSafetensors, read: safetensorsArrays },
  { name: 'torch', fits: () => true, read: (source) => readTorch(source, isZip(source)) },
];

export interface ModelCheckpoint {
  /** Name of the file's format. */
  format: string;
  arrays: Map<string, StoredArray>;
}

/** Opens the arrays of a file in any known format. Throws `weights`, with `name`, for a damaged file. */
export function readModelCheckpoint(source: ByteSource, name: string): ModelCheckpoint {
  try {
    const format = formats.find(({ fits }) => fits(source))!;
    const arrays = [...format.read(source)].map(([key, array]): [string, StoredArray] => {
      const { check } = array;
      const inFile = { ...array, chunks: () => named(array.chunks(), name) };
      return [key, check ? { ...inFile, check: () => naming(check, name) } : inFile];
    });
    return { format: format.name, arrays: new Map(arrays) };
  } catch (error) {
    throw withName(error, name);
  }
}

function naming(check: () => void, name: string): void {
  try {
    check();
  } catch (error) {
    throw withName(error, name);
  }
}

function* named(chunks: Iterable<Uint8Array>, name: string): Generator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw withName(error, name);
  }
}

const withName = (error: unknown, name: string): unknown =>
  error instanceof PermafrostError
    ? new PermafrostError(error.code, `${name}: ${error.message}`, { cause: error })
    : error;

function isNpz(source: ByteSource): boolean {
  return isZip(source) && [...readZip(source).keys()].some((entry) => entry.endsWith('.npy'));
}

/** Whether the header's `{` follows the eight bytes of its length. */
function isSafetensors(source: ByteSource): boolean {
  return source.size > 8 && source.read(8, 1)[0] === 0x7b;
}

const pieces = 4 * 2 ** 20; // bytes; a multiple of every element's size

function safetensorsArrays(source: ByteSource): Map<string, StoredArray> {
  const { tensors } = readSafetensors(source);
  return new Map(
    [...tensors].map(([name, { dtype, shape, offset, length }]) => {
      const chunks = function* () {
        for (let at = 0; at < length; at += pieces) yield source.read(offset + at, Math.min(pieces, length - at));
      };
      return [name, { dtype, shape, place: { offset, length }, chunks }];
    }),
  );
}
