/** `serve`: the window for a browser, until Ctrl-C. */
import { createApp } from '#app';
import { defaultHome } from '#app/home';
import type { Services } from '#contract/services';
import type { CommandRow } from './command.ts';
import { ensureBuilt, rendererFolder } from './desktop.ts';
import { wholeNumber } from './wholeNumber.ts';

export interface ServeOptions {
  port: number;
  slots: number;
  /** Open a browser where there is one. */
  open: boolean;
}

export const serveDefaults: ServeOptions = { port: 0, slots: 1, open: false };

/** Readers of the options that `serve` and `start` share. */
export const serveReaders = { port: wholeNumber('--port', 0, 65535), slots: wholeNumber('--slots', 1, 64) };

/** Milliseconds within which a second Ctrl-C confirms the first. */
const patience = 5000;

/** Serves until a signal, which pauses the runs under way. On a terminal the first Ctrl-C only warns of that. */
export async function serve({ port, slots, open: opens }: ServeOptions): Promise<void> {
  ensureBuilt((line) => console.error(line));
  const { startServer } = await import('./server.ts'); // other commands start without it
  const services = await createApp({ home: defaultHome(), slots, measures: true });
  const server = await startServer({ services, root: rendererFolder, port }).catch(async (error) => {
    await services.close();
    throw error;
  });
  services.queue.adoptOrphans();
  const asked = untilAsked(services); // before anybody is told how to
  console.log(`Permafrost is at ${server.url}`);
  console.error(
    'Only this machine can open it; from another one use an SSH tunnel. Ctrl-C ends it, closing the browser does not.',
  );
  if (opens) await openBrowser(server.ticket()); // other users of this machine can see a browser's arguments
  await asked;
  await server.close();
  await services.close();
}

export const serveCommand: CommandRow = {
  add(program) {
    program
      .command('serve')
      .description('serve the window to a browser on this machine')
      .option('--port <n>', 'port on 127.0.0.1; 0 takes any that is free', serveReaders.port, serveDefaults.port)
      .option('--slots <n>', 'runs that train at once', serveReaders.slots, serveDefaults.slots)
      .option('--open', 'open a browser', serveDefaults.open)
      .action((options: ServeOptions) => serve(options));
  },
};

/** Opens a browser if there is a display. A browser that fails to start does not stop the server. */
async function openBrowser(url: string): Promise<void> {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  try {
    const { default: open } = await import('open');
    const browser = await open(url);
    browser.once('error', () => console.error('No browser could be opened; use the address above.'));
  } catch {
    console.error('No browser could be opened; use the address above.');
  }
}

/** Resolves when a signal ends the server; with runs under way, a terminal needs Ctrl-C twice. */
function untilAsked(services: Services): Promise<void> {
  return new Promise((resolve) => {
    let asked = Number.NEGATIVE_INFINITY;
    const busy = () => services.queue.get().running.length + services.queue.get().queued.length;
    process.on('SIGINT', () => {
      const sure = performance.now() - asked < patience || !process.stdin.isTTY || busy() === 0;
      if (sure) return resolve();
      asked = performance.now();
      const runs = busy() === 1 ? 'One run is' : `${busy()} runs are`;
      console.error(`${runs} under way or queued. Ctrl-C again within 5 s pauses at a checkpoint and ends.`);
    });
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
