/** The trash: removed files, which can be restored until the session ends. They are moved to a folder next to them, on the same disk. */
import { readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';
import type { Removed } from '#contract/zoo';
import { draftOf, sweepDrafts } from '#disk/atomicFile';
import { belowOwner, isThere, type Owned, removeBelow } from '#disk/removable';
import { diskError } from '#disk/troubles';
import { hubSettings } from './hubCache.ts';

export interface Trash {
  /**
   * Moves the files and folders of `name` to the trash, or none of them if one cannot be moved. A second call adds to the
   * first. Throws `disk`, or `conflict` if a path is outside its owner.
   */
  put(name: string, places: readonly Owned[], bytes: number): Promise<void>;
  /** Restores the files of `name`, except those whose path now has another file. Throws `notFound` or `disk`. */
  takeBack(name: string): Promise<void>;
  /** The names that can be restored, the newest last. */
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
  /** The trash folders by the folders from which files were removed. */
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
          throw diskError(path, error, 'removed');
        }
      }
      const before = removed.get(name) ?? { bytes: 0, moves: [] };
      removed.delete(name); // so that the newest is last
      removed.set(name, { bytes: before.bytes + bytes, moves: [...before.moves, ...moves] });
    },
    async takeBack(name) {
      const found = removed.get(name);
      if (!found)
        throw new PermafrostError(
          'notFound',
          `${name} cannot be restored, because it was not removed in this session. Fetch or add it again.`,
        );
      await putBack(found.moves);
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
    try {
      await mkdir(dirname(from), { recursive: true });
      await rename(to, from);
    } catch (error) {
      throw diskError(from, error, 'restored');
    }
  }
}

/** Empties the trash of sessions that crashed. */
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
    return []; // missing or unreadable
  }
}
