/** `start`: the window, or the same app for a browser where no window can be opened. */
import { spawn } from 'node:child_process';
import type { CommandRow } from './command.ts';
import { electronBinary, ensureBuilt, projectFolder, whyNoWindow } from './desktop.ts';
import { type ServeOptions, serve, serveDefaults, serveReaders } from './serve.ts';

export const startCommand: CommandRow = {
  add(program) {
    program
      .command('start')
      .description('open the window, or serve it to a browser where no window can be opened')
      .option('--serve', 'serve to a browser in any case')
      .option(
        '--port <n>',
        'port on 127.0.0.1 when serving; 0 takes any that is free',
        serveReaders.port,
        serveDefaults.port,
      )
      .option('--slots <n>', 'runs that train at once when serving', serveReaders.slots, serveDefaults.slots)
      .action(async ({ serve: asked, ...options }: Omit<ServeOptions, 'open'> & { serve?: boolean }) => {
        const why = asked ? null : whyNoWindow();
        if (why) console.error(`No window: ${why}. Serving to a browser instead.`);
        if (asked || why) return serve({ ...options, open: !asked });
        ensureBuilt((line) => console.error(line));
        const window = spawn(electronBinary()!, [projectFolder], { stdio: 'inherit' });
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => window.kill(signal));
        window.on('exit', (code) => {
          process.exitCode = code ?? 1;
        });
      });
  },
};
