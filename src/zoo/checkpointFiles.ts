/** A checkpoint on the disk: a single file, or several with an index (`model.safetensors.index.json`) that maps arrays to files. */
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PermafrostError } from '#contract/errors';
import { readSmallJson, withFile } from '#disk/source';
import type { StoredArray } from '#formats/array';
import { type ModelCheckpoint, readModelCheckpoint } from '#formats/modelCheckpoint';

const index = z.object({ weight_map: z.record(z.string(), z.string().regex(/^[\w-][\w.-]*$/)) });
const largestIndex = 2 ** 24; // bytes; a hundred thousand arrays take 9 MB

export const isIndex = (path: string): boolean => path.endsWith('.index.json');

/** Paths of the files that an index names. Throws `weights` if it is damaged. */
export const shardPaths = (path: string): string[] => [...new Set(readIndex(path).values())];

/** Every file of the checkpoint at `path`; the first is `path` itself. */
export const checkpointFiles = (path: string): string[] => (isIndex(path) ? [path, ...shardPaths(path)] : [path]);

export interface OpenCheckpoint extends ModelCheckpoint {
  /** Every file, as in {@link checkpointFiles}. */
  files: string[];
}

/** Opens a checkpoint, calls `use` with it and closes its files. Throws `weights` or `disk`. */
export function withCheckpoint<T>(path: string, use: (checkpoint: OpenCheckpoint) => T): T {
  if (!isIndex(path)) return withFile(path, (source) => use({ ...readModelCheckpoint(source, path), files: [path] }));
  const places = readIndex(path);
  const shardFiles = [...new Set(places.values())];
  return withAll(shardFiles, (shards) => {
    const arrays = [...places].map(([name, file]): [string, StoredArray] => {
      const array = shards.get(file)!.arrays.get(name);
      if (array) return [name, { ...array, place: null }]; // a place is an offset in the one file of a checkpoint
      throw new PermafrostError('weights', `${path}: expected ${name} in ${file}, which has none. Fetch both again.`);
    });
    const [{ format }] = shards.values();
    return use({ format, arrays: new Map(arrays), files: [path, ...shardFiles] });
  });
}

function withAll<T>(paths: readonly string[], use: (checkpoints: Map<string, ModelCheckpoint>) => T): T {
  const [path, ...rest] = paths;
  if (path === undefined) return use(new Map());
  return withFile(path, (source) => {
    const checkpoint = readModelCheckpoint(source, path);
    return withAll(rest, (others) => use(new Map([[path, checkpoint], ...others])));
  });
}

/** Reads an index: the path of each array's file by the name of the array. */
function readIndex(path: string): Map<string, string> {
  const json = readSmallJson(path, largestIndex, 'weights');
  try {
    const { weight_map: files } = index.parse(json);
    if (Object.keys(files).length === 0) throw new Error('it names no array');
    return new Map(Object.entries(files).map(([name, file]) => [name, join(dirname(path), file)]));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? `${cause.issues[0].path.join('.')}: ${cause.issues[0].message}` : cause;
    throw new PermafrostError('weights', `${path} is not a checkpoint index: ${why}. Fetch or write it again.`, {
      cause,
    });
  }
}
