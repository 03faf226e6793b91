/** The table of checkpoint formats, told apart by how a file begins rather than by its name. */
import { PermafrostError } from '#contract/errors';
import type { StoredArray } from './array.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';
import type { ByteSource } from './source.ts';
import { readTorch } from './torch.ts';
import { isZip, readZip } from './zip.ts';

export type CheckpointFormat = 'safetensors' | 'torch' | 'npz';
export interface ModelCheckpoint {
  format: CheckpointFormat;
  arrays: Map<string, StoredArray>;
}

/** The arrays of a file of any known format; `name` stands in errors. Throws `weights` saying what is wrong with it. */
export function readModelCheckpoint(source: ByteSource, name: string): ModelCheckpoint {
  try {
    const format = formatOf(source);
    const arrays = [...readers[format](source)].map(([key, array]): [string, StoredArray] => {
      const { check } = array;
      const inFile = { ...array, chunks: () => named(array.chunks(), name) };
      return [key, check ? { ...inFile, check: () => naming(check, name) } : inFile];
    });
    return { format, arrays: new Map(arrays) };
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

const readers: Record<CheckpointFormat, (source: ByteSource) => Map<string, StoredArray>> = {
  safetensors: safetensorsArrays,
  npz: readNpz,
  torch: (source) => readTorch(source, isZip(source)),
};

function formatOf(source: ByteSource): CheckpointFormat {
  if (isZip(source)) return [...readZip(source).keys()].some((entry) => entry.endsWith('.npy')) ? 'npz' : 'torch';
  const start = source.read(0, Math.min(9, source.size));
  if (start.length === 9 && start[8] === 0x7b) return 'safetensors'; // the header's {
  return 'torch';
}

const pieces = 4 * 2 ** 20; // bytes; a multiple of every element

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
