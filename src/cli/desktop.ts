/** Finds Electron, tells whether a window can be opened here, and builds the window's bundles. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PermafrostError } from '#contract/errors';

export const projectFolder = join(import.meta.dirname, '..', '..');
export const rendererFolder = join(projectFolder, 'out', 'renderer');

/** Electron's binary by platform, for packages without a path.txt. */
const binaryNames: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** The Electron binary, if installed. Does not load its package, since that would start a download. */
export function electronBinary(environment: NodeJS.ProcessEnv = process.env): string | null {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return null;
  }
  const named = join(folder, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : (binaryNames[process.platform] ?? 'electron');
  const path = join(environment.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), name);
  return existsSync(path) ? path : null;
}

/** The reason why no window can be opened here; null if one can. */
export function whyNoWindow(environment: NodeJS.ProcessEnv = process.env): string | null {
  if (!electronBinary(environment)) return 'Electron is not installed (npx install-electron downloads it)';
  const hasDisplay = process.platform !== 'linux' || environment.DISPLAY || environment.WAYLAND_DISPLAY;
  return hasDisplay ? null : 'there is no display';
}

/** Sources of the window's bundles. */
const sources = ['src', 'resources', 'electron.vite.config.ts', 'package.json'];
const bundles = ['renderer/index.html', 'main/index.js', 'preload/index.cjs'].map((file) =>
  join(projectFolder, 'out', file),
);

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds the bundles if they are missing or older than their sources. Throws `disk` with the output of the build. */
export function ensureBuilt(report: (line: string) => void): void {
  const oldest = Math.min(...bundles.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)));
  if (oldest >= Math.max(...sources.map((path) => newest(join(projectFolder, path))))) return;
  report('Building the window, which is needed only after changes to its sources …');
  const vite = join(
    dirname(createRequire(import.meta.url).resolve('electron-vite/package.json')),
    'bin',
    'electron-vite.js',
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [vite, 'build'], {
    cwd: projectFolder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new PermafrostError('disk', `The window could not be built:\n${stdout}${stderr}`);
}
