/** The speed at which the store imports metric rows and opens a curve of a million points. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '#contract/config';
import type { JournalEntry, MetricRow } from '#contract/run';
import { openStore } from '#store/store';
import type { Benchmark } from './benchmark.ts';

const [rows, perEntry] = [1_000_000, 1000];

export const store: Benchmark = {
  title: 'Run store: import of a million metric rows from a journal with 1,000 rows per entry',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    const path = join(folder, 'store.db');
    const opened = await openStore(path);
    try {
      opened.runs.add({ id: 'bench', config: parseConfig({ task: 'mnist' }), createdAt: 0 }, 'running');
      const entries = Array.from({ length: rows / perEntry }, (_, i): JournalEntry => {
        const batch = Array.from(
          { length: perEntry },
          (_, k): MetricRow => ['train_loss', i * perEntry + k + 1, Math.sin(k)],
        );
        return { seq: i + 1, at: 0, body: { kind: 'metrics', rows: batch } };
      });
      const start = performance.now();
      for (const entry of entries) opened.apply('bench', [entry]);
      const seconds = (performance.now() - start) / 1000;
      const openStart = performance.now();
      const points = opened.metrics.series('bench', 'train_loss', 2000);
      return {
        rowsPerSecond: rows / seconds,
        megabytesPerMillion: statSync(path).size / 1e6,
        millionPointCurveMs: performance.now() - openStart,
        points: points.length,
      };
    } finally {
      opened.close();
      rmSync(folder, { recursive: true });
    }
  },
  limits: { rowsPerSecond: '≥ 150000', millionPointCurveMs: '< 300' },
};
