/** Deletes a path only if it is really inside the folder that owns it, after links are resolved. Deletes links but not their targets. */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { PermafrostError } from '#contract/errors';

/** A path that may be removed. */
export interface Owned {
  /** The folder that must contain the path. */
  owner: string;
  path: string;
}

/** The real path. Throws `conflict` if its owner does not contain it. */
export function belowOwner({ owner, path }: Owned): string {
  const asked = resolve(path);
  const real = join(realpathSync(dirname(asked)), basename(asked)); // the last part may be a link, which is deleted itself
  const inside = relative(realpathSync(owner), real);
  if (inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) return real;
  throw new PermafrostError(
    'conflict',
    `${path} leads to ${real}, which is outside ${owner}, so it was not removed. Delete it yourself if you want to.`,
  );
}

/** Deletes a file, a folder or a link, if it exists. */
export async function removeBelow(owned: Owned): Promise<void> {
  if (isThere(owned.path)) await rm(belowOwner(owned), { recursive: true, force: true });
}

/** Whether the path exists, even as a broken link. */
export const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
export const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

/** Paths of the files that deleting `path` would delete, without targets of links. */
export function filesUnder(path: string): string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.isFile() ? [path] : [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export const bytesUnder = (path: string): number =>
  filesUnder(path).reduce((sum, file) => sum + (lstatSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

/** Throws `conflict` if running or queued runs need `name`. */
export function refuseInUse(name: string, runs: readonly string[]): void {
  if (runs.length === 0) return;
  const [some, more] = [runs.slice(0, 5).join(', '), runs.length > 5 ? ` and ${runs.length - 5} more` : ''];
  throw new PermafrostError(
    'conflict',
    `${name} is needed by ${runs.length === 1 ? 'a running or queued run' : `${runs.length} running or queued runs`}: ${some}${more}. Stop ${runs.length === 1 ? 'it' : 'them'} first, or wait.`,
  );
}
