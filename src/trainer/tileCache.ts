/** Caches the fastest tiles of matrix products on each GPU in `cache/tiles.json` of the home. If the file is lost, tiles are tried again. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeAtomically } from '#disk/atomicFile';
import type { TileMemory } from '#engine/wgsl/products';

const size = z.number().int().positive();
const tileSchema = z.object({ rows: size, columns: size, depth: size, threadRows: size, threadColumns: size });
const cacheSchema = z.record(z.string(), z.record(z.string(), tileSchema));

/** The fastest tiles of one adapter. A file that cannot be read counts as empty. */
export function tileCache(home: string, adapter: string): TileMemory {
  const path = join(home, 'cache', 'tiles.json');
  const read = (): z.infer<typeof cacheSchema> => {
    try {
      return cacheSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      return {};
    }
  };
  const known = new Map(Object.entries(read()[adapter] ?? {}));
  return {
    get: (key) => known.get(key),
    save(found) {
      for (const [key, tile] of found) known.set(key, tile);
      const text = JSON.stringify({ ...read(), [adapter]: Object.fromEntries(known) });
      try {
        makeFolder(dirname(path));
        writeAtomically(path, [new TextEncoder().encode(text)]);
      } catch {
        // a full disk must not end the run; the next run tries again
      }
    },
  };
}
