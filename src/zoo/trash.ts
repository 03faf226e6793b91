/** Files that were removed and can be had back until the session ends. They wait beside where they were, on the same disk. */
import { readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { Removed } from '#contract/zoo';
import { draftOf, sweepDrafts } from '#disk/atomicFile';
import { belowOwner, isThere, type Owned, removeBelow } from '#disk/removable';
import { hubSettings } from './hubCache.ts';

export interface Trash {
  /**
   * Moves a thing's files and folders out of the way, all or, when one cannot be moved, none; what is put there twice is taken
   * back as one. Throws `disk`, and `conflict` for what is not below its owner.
   */
  put(name: string, places: readonly Owned[], bytes: number): Promise<void>;
  /** Puts them back, but for those whose place is taken. Throws `notFound` and `disk`. */
  takeBack(name: string): Promise<void>;
  /** What can be taken back, the newest last. */
  list(): Removed[];
  empty(): Promise<void>;
}

interface Move {
  from: string;
  to: string;
}

const trashName = '.permafrost-trash';

export function createTrash(): Trash {
  const removed = new Map<string, { bytes: number; moves: Move[] }>();
  /** The trash in each folder from which something was removed. */
  const folders = new Map<string, string>();
  let count = 0;

  async function moveAway(from: string): Promise<Move> {
    const folder = folders.get(dirname(from)) ?? draftOf(join(dirname(from), trashName));
    await mkdir(folder, { recursive: true });
    folders.set(dirname(from), folder);
    const to = join(folder, `${count++}-${basename(from)}`);
    await rename(from, to);
    return { from, to };
  }

  return {
    async put(name, places, bytes) {
      const moves: Move[] = [];
      const paths = places.map(belowOwner);
      for (const path of paths) {
        try {
          moves.push(await moveAway(path));
        } catch (error) {
          await putBack(moves);
          throw diskError(`${path} cannot be removed`, error);
        }
      }
      const before = removed.get(name) ?? { bytes: 0, moves: [] };
      removed.delete(name); // the newest last
      removed.set(name, { bytes: before.bytes + bytes, moves: [...before.moves, ...moves] });
    },
    async takeBack(name) {
      const found = removed.get(name);
      if (!found)
        throw new PermafrostError(
          'notFound',
          `${name} was not removed in this session, so that there is nothing to restore. Fetch or add it again.`,
        );
      await putBack(found.moves).catch((error) => Promise.reject(diskError(`${name} cannot be restored`, error)));
      removed.delete(name);
    },
    list: () => [...removed].map(([name, { bytes }]) => ({ name, bytes })),
    async empty() {
      for (const folder of folders.values()) await removeBelow({ owner: dirname(folder), path: folder });
      removed.clear();
    },
  };
}

async function putBack(moves: readonly Move[]): Promise<void> {
  for (const { from, to } of moves) {
    if (isThere(from) || !isThere(to)) continue;
    await mkdir(dirname(from), { recursive: true });
    await rename(to, from);
  }
}

/** Deletes what sessions had removed that ended without a word. */
export function sweepTrash(home: string, environment: NodeJS.ProcessEnv = process.env): void {
  const own = ['models', 'data', 'cache/bodies', 'cache/datasets'].map((name) => join(home, name));
  for (const folder of [hubSettings(environment).cache, ...own])
    for (const each of [folder, ...foldersIn(folder)]) sweepDrafts(each, trashName);
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? join(folder, entry.name) : []));
  } catch {
    return []; // it is not there, or not ours to read
  }
}

const diskError = (what: string, cause: unknown): PermafrostError =>
  new PermafrostError(
    'disk',
    `${what}: ${(cause as Error).message}. Close the programs that use it and make its folder writable.`,
    { cause },
  );
