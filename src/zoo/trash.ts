/** Files that were removed and can be had back until the session ends. They wait beside where they were, on the same disk. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { Removed } from '#contract/zoo';
import { isAlive } from './process.ts';

export interface Trash {
  /** Moves a thing's files and folders out of the way; what is put there twice is taken back as one. */
  put(name: string, places: readonly string[], bytes: number): Promise<void>;
  /** Puts them back, but for those whose place is taken. Throws `notFound`. */
  takeBack(name: string): Promise<void>;
  /** What can be taken back, the newest last. */
  list(): Removed[];
  empty(): Promise<void>;
}

const prefix = '.permafrost-trash-';

export function createTrash(): Trash {
  const removed = new Map<string, { bytes: number; moves: { from: string; to: string }[] }>();
  const folders = new Set<string>();
  let count = 0;
  return {
    async put(name, places, bytes) {
      const before = removed.get(name) ?? { bytes: 0, moves: [] };
      const { moves } = before;
      removed.delete(name); // the newest last
      removed.set(name, { bytes: before.bytes + bytes, moves });
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
      const found = removed.get(name);
      if (!found) throw new PermafrostError('notFound', `${name} was not removed in this session.`);
      removed.delete(name);
      for (const { from, to } of found.moves) if (!existsSync(from)) await rename(to, from);
    },
    list: () => [...removed].map(([name, { bytes }]) => ({ name, bytes })),
    async empty() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
      removed.clear();
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
