/** Does the quick profile learn? Trains its frozen random body on MNIST. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';
import type { Benchmark } from './benchmark.ts';

export const learning: Benchmark = {
  title: 'MNIST with a frozen random body, quick profile, three seeds: final accuracy on 10,000 test images',
  async run(report) {
    const home = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    const app = await createApp({ home, slots: availableParallelism() });
    try {
      const cell = tableOf('regimes').cells.find(({ id }) => id === 'regimes/mnist/FRT')!;
      const ids = await app.runs.create(expand(cell, 'quick', [0, 1, 2]).configs);
      await app.queue.whenIdle();
      const results = ids.map((id) => app.runs.get(id).result!);
      report(results.map((r) => `${r.value} in ${Math.round(r.seconds)} s`).join(', '));
      return {
        lowestAccuracy: Math.min(...results.map((r) => r.value)),
        longestSeconds: Math.max(...results.map((r) => r.seconds)),
      };
    } finally {
      await app.close();
      rmSync(home, { recursive: true });
    }
  },
  limits: { lowestAccuracy: '≥ 0.9' },
};
