/** The tiles that products were fastest with on each GPU: `cache/tiles.json` in the home. Losing it costs a trial. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeAtomically } from '#disk/atomicFile';
import type { TileMemory } from '#engine/wgsl/products';

const size = z.number().int().positive();
const tileSchema = z.object({ rows: size, columns: size, depth: size, threadRows: size, threadColumns: size });
const cacheSchema = z.record(z.string(), z.record(z.string(), tileSchema));

/** What is known of the products of one adapter. A file that cannot be read counts as empty. */
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
        // a disk that is full ends no run; the next one tries again
      }
    },
  };
}
