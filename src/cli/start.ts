/** `permafrost start`: opens the window, or serves it to a browser if no window can be opened. */
import { spawn } from 'node:child_process';
import type { CommandRow } from './command.ts';
import { electronBinary, ensureBuilt, projectFolder, whyNoWindow } from './desktop.ts';
import { type ServeOptions, serve, serveDefaults, serveReaders } from './serve.ts';

export const startCommand: CommandRow = {
  add(program) {
    program
      .command('start')
      .description('open the window, or serve it to a browser if no window can be opened')
      .option('--serve', 'always serve to a browser')
      .option('--port <n>', 'port on 127.0.0.1 when serving; 0: any free port', serveReaders.port, serveDefaults.port)
      .option('--slots <n>', 'how many runs may train at once when serving', serveReaders.slots, serveDefaults.slots)
      .action(async ({ serve: mustServe, ...options }: Omit<ServeOptions, 'open'> & { serve?: boolean }) => {
        const why = mustServe ? null : whyNoWindow();
        if (why) console.error(`No window can be opened: ${why}. Serving to a browser instead.`);
        if (mustServe || why) return serve({ ...options, open: !mustServe });
        ensureBuilt((line) => console.error(line));
        const window = spawn(electronBinary()!, [projectFolder], { stdio: 'inherit' });
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => window.kill(signal));
        window.on('exit', (code) => {
          process.exitCode = code ?? 1;
        });
      });
  },
};
