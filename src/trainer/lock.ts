/** One trainer per run folder: a listening local socket that the system closes with its process, however that ends. */
import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermafrostError } from '#contract/errors';

/** Where a name listens: Linux and Windows keep such names outside the file system and free them by themselves. */
const endpoints: Partial<Record<NodeJS.Platform, (name: string) => string>> = {
  linux: (name) => `\0${name}`,
  win32: (name) => `\\\\.\\pipe\\${name}`,
};
const socketFile = (name: string): string => join(tmpdir(), `${name}.sock`);

/** Holds the run folder until the process ends or the result is called. Throws `conflict` while another process holds it. */
export async function lockRun(folder: string): Promise<() => void> {
  const hash = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  const release = await holdEndpoint((endpoints[process.platform] ?? socketFile)(`permafrost-${hash}`));
  if (release) return release;
  throw new PermafrostError('conflict', `${folder} is being trained by another process. Pause or stop that one first.`);
}

/** Listens at `endpoint`; null when somebody else does. The socket file of a dead process is taken over. */
export async function holdEndpoint(endpoint: string): Promise<(() => void) | null> {
  const server = (await listen(endpoint)) ?? (await takeOver(endpoint));
  server?.unref();
  return server && (() => server.close());
}

const listen = (endpoint: string): Promise<Server | null> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(endpoint, () => resolve(server));
  });

async function takeOver(endpoint: string): Promise<Server | null> {
  if (await answers(endpoint)) return null;
  rmSync(endpoint, { force: true });
  return listen(endpoint);
}

/** The system accepts for a listening process even while that is busy computing. */
const answers = (endpoint: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(endpoint);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
