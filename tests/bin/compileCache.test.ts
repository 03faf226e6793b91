/** Compiled code runs with the rights of the user, so other users must not be able to write it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileCacheFolder, compileCachePath } from '../../bin/compileCache.js';

const bin = join(import.meta.dirname, '../../bin/permafrost.js');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const isPosix = process.platform !== 'win32';
/** The variable that says where caches lie, and where they are by default. */
const here = () => ({ XDG_CACHE_HOME: join(folder, 'cache'), LOCALAPPDATA: join(folder, 'cache'), HOME: folder });
const permafrost = (more: NodeJS.ProcessEnv) => {
  const { NODE_COMPILE_CACHE, ...environment } = process.env;
  return spawnSync(process.execPath, [bin, 'tables', '--json'], {
    encoding: 'utf8',
    env: { ...environment, TMPDIR: join(folder, 'tmp'), PERMAFROST_HOME: join(folder, 'home'), ...here(), ...more },
  });
};

it('code that another user plants in the shared temporary folder is never read', () => {
  const planted = join(folder, 'tmp', 'node-compile-cache');
  mkdirSync(planted, { recursive: true });
  expect(permafrost({}).status).toBe(0);
  expect(readdirSync(planted)).toEqual([]);
  const made = compileCachePath({ ...process.env, ...here() }, process.platform, folder);
  expect(readdirSync(made)).not.toEqual([]);
  if (isPosix) expect(statSync(made).mode & 0o777).toBe(0o700);
});

it("NODE_COMPILE_CACHE of the user's own is kept", () => {
  const own = join(folder, 'own');
  expect(permafrost({ NODE_COMPILE_CACHE: own }).status).toBe(0);
  expect(readdirSync(own)).not.toEqual([]);
  expect(existsSync(join(folder, 'cache'))).toBe(false);
});

it('where caches cannot be kept, the command runs without', () => {
  const inTheWay = { XDG_CACHE_HOME: bin, LOCALAPPDATA: bin, HOME: bin };
  expect(permafrost(inTheWay)).toMatchObject({ status: 0, stderr: '' });
  expect(existsSync(join(folder, 'tmp'))).toBe(false);
});

describe.runIf(process.platform === 'linux')('a folder that others could have written is not used', () => {
  const cache = () => join(folder, 'permafrost', 'compiled');
  const found = (uid?: number) => compileCacheFolder({ XDG_CACHE_HOME: folder }, uid);
  it.each<[string, () => void]>([
    ['one that everybody can write', () => chmodSync(cache(), 0o777)],
    ['one that its group can write', () => chmodSync(cache(), 0o770)],
    ['one whose parent everybody can write', () => chmodSync(join(folder, 'permafrost'), 0o777)],
    [
      'a link',
      () => {
        rmSync(cache(), { recursive: true });
        mkdirSync(join(folder, 'elsewhere'));
        symlinkSync(join(folder, 'elsewhere'), cache());
      },
    ],
  ])('%s', (_, loosen) => {
    expect(found()).toBe(cache());
    loosen();
    expect(found()).toBeNull();
  });
  it("another user's", () => {
    expect(found()).toBe(cache());
    expect(found(process.getuid!() + 1)).toBeNull();
  });
});

it('each system has its own place for caches', () => {
  const home = join('/', 'home', 'ada');
  const under = (...names: string[]) => join(home, ...names, 'permafrost', 'compiled');
  expect(compileCachePath({}, 'linux', home)).toBe(under('.cache'));
  expect(compileCachePath({ XDG_CACHE_HOME: 'relative' }, 'linux', home)).toBe(under('.cache'));
  expect(compileCachePath({ XDG_CACHE_HOME: join(home, 'c') }, 'linux', home)).toBe(under('c'));
  expect(compileCachePath({ XDG_CACHE_HOME: join(home, 'c') }, 'darwin', home)).toBe(under('Library', 'Caches'));
  expect(compileCachePath({}, 'win32', home)).toBe(under('AppData', 'Local'));
  expect(compileCachePath({ LOCALAPPDATA: join(home, 'Local') }, 'win32', home)).toBe(under('Local'));
});
