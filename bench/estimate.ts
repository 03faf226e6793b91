/** Compares estimated and measured durations of five configs, after the machine's speed has been measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#app';
import { estimateOf } from '#app/estimate';
import { timeCalibrations } from '#app/machineSpeed';
import type { MachineSpeed } from '#app/runCost';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { knownBodies } from '#zoo/bodies';
import type { Benchmark, Figures } from './benchmark.ts';

const configs: Record<string, Record<string, unknown>> = {
  'bit-xor, 2 × 64': { task: 'bit-xor', n: 5, num_patterns: 2, n_layer: 2, n_embd: 64, n_head: 4, num_iters: 20 },
  'bit-xor, permafrost-nano': { task: 'bit-xor', n: 5, num_patterns: 2, model_name: 'permafrost-nano', num_iters: 20 },
  'mnist, 4 × 128': { task: 'mnist', patch_size: 4, n_layer: 4, n_embd: 128, n_head: 4, num_iters: 2 },
  'mnist, 4 × 256, unfrozen': {
    ...{ task: 'mnist', patch_size: 4, n_layer: 4, n_embd: 256, n_head: 4, freeze_trans: false },
    ...{ num_iters: 1, steps_per_iter: 50 },
  },
  'bit-memory, 12 × 768': {
    ...{ task: 'bit-memory', n: 1000, num_patterns: 5, patch_size: 50, batch_size: 8, gpu_batch_size: 8 },
    ...{ num_iters: 1, steps_per_iter: 10, test_steps_per_iter: 16, final_test_samples: 40 },
  },
};

const configOf = (name: string): ExperimentConfig =>
  parseConfig({
    ...{ name, device: 'cpu', early_stop: null, test_steps_per_iter: 100, final_test_samples: 500 },
    ...{ pretrained: false, batch_size: 25, gpu_batch_size: 25, ...configs[name] },
  });

export const estimate: Benchmark = {
  title: 'Estimated and measured durations',
  rows: ['estimated s', 'measured s', 'ratio'],
  limits: { 'largest error, ×': '< 2' },
  async run(report) {
    const home = mkdtempSync(join(tmpdir(), 'permafrost-estimate-'));
    const app = await createApp({ home });
    try {
      const speed = await new Promise<MachineSpeed | null>(
        (resolve) => void timeCalibrations(home, undefined, resolve),
      );
      if (!speed) throw new Error('The calibration failed. Run node src/trainer/timeSteps.ts to see why.');
      const figures: Figures = {};
      let worst = 1;
      for (const name of Object.keys(configs)) {
        const config = configOf(name);
        const { seconds } = estimateOf(config, { finished: [], table: knownBodies(home), speed });
        const start = performance.now();
        const [id] = await app.runs.create([config]);
        await app.queue.whenIdle();
        const measured = (performance.now() - start) / 1000;
        const { state, reason } = app.runs.get(id);
        if (state !== 'finished') throw new Error(`${name} ${state}: ${reason?.message}`);
        worst = Math.max(worst, seconds / measured, measured / seconds);
        figures[`estimated s: ${name}`] = seconds;
        figures[`measured s: ${name}`] = measured;
        figures[`ratio: ${name}`] = seconds / measured;
        report(`${name}: estimated ${seconds.toFixed(1)} s, measured ${measured.toFixed(1)} s`);
      }
      return { 'largest error, ×': worst, ...figures };
    } finally {
      await app.close();
      rmSync(home, { recursive: true, maxRetries: 5 });
    }
  },
};
