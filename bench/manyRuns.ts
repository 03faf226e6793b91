/** Ten thousand runs of one app on a simulated cluster of a thousand nodes: its memory, its work, and how long it answers nothing. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, Figures } from './benchmark.ts';

/** Follows the runs in a separate process, in which nothing else takes memory, with the young generation that `npm start` sets. */
const follow = (folder: string): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'manyRunsProcess.ts'), [folder, '10000', '1000'], {
      execArgv: ['--max-semi-space-size=8'],
    });
    child.once('message', (figures: Figures) => resolve(figures));
    child.once('exit', (code) => reject(new Error(`manyRunsProcess.ts exited without figures (exit code ${code})`)));
  });

export const manyRuns: Benchmark = {
  title: '10,000 runs of one app on 1,000 simulated nodes of a cluster, with a journal entry of each run a second',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    try {
      return await follow(folder);
    } finally {
      rmSync(folder, { recursive: true, maxRetries: 5 });
    }
  },
  limits: {
    megabytes: '< 500',
    listMs: '< 1000',
    coresWorst: '< 1',
    longestBlockCreatingMs: '< 100',
  },
};
