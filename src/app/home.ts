/** The Permafrost home: the folder that holds runs, data, models and the store. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PermafrostError } from '#contract/errors';
import { diskError } from '#disk/troubles';

/** PERMAFROST_HOME, or the system's folder for application data. */
export function defaultHome(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (environment.PERMAFROST_HOME) return resolve(environment.PERMAFROST_HOME); // trainers and nodes have other working folders
  const folders: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(homedir(), 'Library', 'Application Support', 'Permafrost'),
    win32: join(environment.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Permafrost'),
  };
  return folders[platform] ?? join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'permafrost');
}

/** Makes the home, which only its user can read. Throws `disk` if it is not writable. */
export function prepareHome(home: string): void {
  const runsFolder = join(home, 'runs');
  try {
    mkdirSync(dirname(home), { recursive: true });
    mkdirSync(home, { recursive: true, mode: 0o700 });
    mkdirSync(runsFolder, { recursive: true });
    accessSync(runsFolder, constants.W_OK);
  } catch (cause) {
    const { message } = diskError(runsFolder, cause);
    throw new PermafrostError('disk', `The Permafrost home cannot be used. ${message}`, { cause });
  }
}
