/** Files that were removed and can be had back until the session ends. They wait beside where they were, on the same disk. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './process.ts';

export interface Trash {
  put(name: string, places: readonly string[]): Promise<void>;
  takeBack(name: string): Promise<void>;
  empty(): Promise<void>;
}

const prefix = '.permafrost-trash-';

export function createTrash(): Trash {
  const moved = new Map<string, { from: string; to: string }[]>();
  const folders = new Set<string>();
  let count = 0;
  return {
    async put(name, places) {
      const moves: { from: string; to: string }[] = moved.get(name) ?? [];
      moved.set(name, moves);
      for (const from of places) {
        const folder = join(dirname(from), `${prefix}${process.pid}`);
        await sweep(dirname(from));
        await mkdir(folder, { recursive: true });
        folders.add(folder);
        const to = join(folder, `${count++}-${basename(from)}`);
        await rename(from, to);
        moves.push({ from, to });
      }
    },
    async takeBack(name) {
      const moves = moved.get(name) ?? [];
      moved.delete(name);
      for (const { from, to } of moves) if (!existsSync(from)) await rename(to, from);
    },
    async empty() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
      moved.clear();
    },
  };
}

/** Deletes what sessions that ended without a word left. */
async function sweep(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : 0;
    if (owner > 0 && owner !== process.pid && !isAlive(owner)) await rm(join(folder, name), { recursive: true });
  }
}
