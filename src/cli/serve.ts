/** `permafrost serve`: serves the window to a browser until Ctrl-C. */
import { createApp } from '#app';
import { defaultHome } from '#app/home';
import type { Services } from '#contract/services';
import type { CommandRow } from './command.ts';
import { ensureBuilt, rendererFolder } from './desktop.ts';
import { wholeNumber } from './wholeNumber.ts';

export interface ServeOptions {
  port: number;
  slots: number;
  /** Opens a browser, if there is a display. */
  open: boolean;
}

export const serveDefaults: ServeOptions = { port: 0, slots: 1, open: false };

/** Parsers of the options that `serve` and `start` share. */
export const serveReaders = { port: wholeNumber('--port', 0, 65535), slots: wholeNumber('--slots', 1, 64) };

/** A second Ctrl-C within this time confirms the first; ms. */
const patience = 5000;

/** Serves until a signal, then pauses the running runs. On a terminal, the first Ctrl-C only warns. */
export async function serve({ port, slots, open: opens }: ServeOptions): Promise<void> {
  ensureBuilt((line) => console.error(line));
  const { startServer } = await import('./server.ts'); // loaded here, since it would slow the start of other commands
  const services = await createApp({ home: defaultHome(), slots, measures: true });
  const server = await startServer({ services, root: rendererFolder, port }).catch(async (error) => {
    await services.close();
    throw error;
  });
  services.queue.adoptOrphans();
  const ended = untilSignal(services); // before the message below asks for Ctrl-C
  console.log(`Permafrost is at ${server.url}`);
  console.error(
    'Only this machine can open it; from another machine use an SSH tunnel. Ctrl-C ends the server; closing the browser does not.',
  );
  if (opens) await openBrowser(server.ticket()); // a ticket, since other users can see the browser's arguments
  await ended;
  await server.close();
  await services.close();
}

export const serveCommand: CommandRow = {
  add(program) {
    program
      .command('serve')
      .description('serve the window to a browser on this machine')
      .option('--port <n>', 'port on 127.0.0.1; 0: any free port', serveReaders.port, serveDefaults.port)
      .option('--slots <n>', 'how many runs may train at once', serveReaders.slots, serveDefaults.slots)
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

/** Resolves at a signal that ends the server. With running or queued runs, a terminal needs Ctrl-C twice. */
function untilSignal(services: Services): Promise<void> {
  return new Promise((resolve) => {
    let warnedAt = Number.NEGATIVE_INFINITY;
    const busy = () => services.queue.get().running.length + services.queue.get().queued.length;
    process.on('SIGINT', () => {
      const isConfirmed = performance.now() - warnedAt < patience || !process.stdin.isTTY || busy() === 0;
      if (isConfirmed) return resolve();
      warnedAt = performance.now();
      const runs = busy() === 1 ? 'One run is' : `${busy()} runs are`;
      console.error(`${runs} running or queued. Press Ctrl-C again within 5 s to pause at a checkpoint and exit.`);
    });
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
