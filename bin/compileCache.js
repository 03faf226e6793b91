/** Where Node keeps compiled code between processes: a folder that nobody else can write, since what lies there runs as us. */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** The system's folder for caches, by platform. A relative XDG_CACHE_HOME does not count, as its specification says. */
const cacheHomes = {
  darwin: (_, home) => join(home, 'Library', 'Caches'),
  win32: ({ LOCALAPPDATA }, home) => LOCALAPPDATA || join(home, 'AppData', 'Local'),
};
const xdgCacheHome = ({ XDG_CACHE_HOME }, home) =>
  XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home, '.cache');

/** Where the compiled code belongs on this machine. */
export const compileCachePath = (environment = process.env, platform = process.platform, home = homedir()) =>
  join((cacheHomes[platform] ?? xdgCacheHome)(environment, home), 'permafrost', 'compiled');

/** The folder, made if need be; null where it cannot be made or others could write what lies in it: then nothing is cached. */
export function compileCacheFolder(environment = process.env, uid = process.getuid?.()) {
  try {
    const path = compileCachePath(environment);
    if (!isOwn(existing(path), uid)) return null;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return isPrivate(path, uid) && isOwn(realpathSync(path), uid) ? path : null;
  } catch {
    return null; // no home, a read-only disk, a file in the way: a cache is not worth an error
  }
}

const writableByOthers = 0o022;
const sticky = 0o1000;

/** A folder itself, not a link to one, that is ours alone to write. Windows keeps a user's folder from others by itself. */
function isPrivate(path, uid) {
  const stat = lstatSync(path);
  return stat.isDirectory() && (uid === undefined || (stat.uid === uid && (stat.mode & writableByOthers) === 0));
}

/** Whether nobody else can put another folder in the place of this one: every folder above is ours or the system's. */
function isOwn(path, uid) {
  if (uid === undefined) return true;
  const { uid: owner, mode } = lstatSync(path);
  const isSafe = (owner === uid || owner === 0) && ((mode & writableByOthers) === 0 || (mode & sticky) !== 0);
  return isSafe && (dirname(path) === path || isOwn(dirname(path), uid));
}

/** The nearest folder on the way to `path` that is there, links followed. */
function existing(path) {
  try {
    return realpathSync(path);
  } catch (error) {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    return existing(dirname(path));
  }
}
