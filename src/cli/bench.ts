import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CommandRow } from './command.ts';

export const benchCommand: CommandRow = {
  add(program) {
    program
      .command('bench')
      .description('run benchmarks on this machine (in a checkout)')
      .argument('[names...]', 'names of benchmarks; all by default')
      .option('--json', 'print the figures as one JSON object')
      .action((names: string[], { json }: { json?: boolean }) => {
        const script = join(import.meta.dirname, '..', '..', 'bench', 'main.ts');
        const { status } = spawnSync(
          process.execPath,
          [...process.execArgv, script, ...names, ...(json ? ['--json'] : [])],
          { stdio: 'inherit' },
        );
        process.exitCode = status ?? 1;
      });
  },
};
