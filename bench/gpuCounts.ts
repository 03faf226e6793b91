/**
 * The overhead of a training step on a GPU: dispatches, submits, new buffers, time of the host, and memory of the device. It can
 * be measured on any machine with Vulkan, even in software. Counts and memory are those of GPT-2 small. The host's time is measured
 * on the same step at a sixteenth of the width, which has the same kernels and which software Vulkan can compute in acceptable time.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { offerSoftwareVulkan } from '../tests/softwareVulkan.ts';
import type { Benchmark, Figures } from './benchmark.ts';
import type { GpuCounts } from './gpuCountsProcess.ts';

const regimes = { FPT: { freeze_trans: true, batch: 16 }, unfrozen: { freeze_trans: false, batch: 25 } };

export const gpuCounts: Benchmark = {
  title: 'GPT-2 small on a GPU: overhead of a training step on MNIST, batches of 16 (FPT) and 25 (unfrozen)',
  rows: Object.keys(regimes),
  async run(report) {
    offerSoftwareVulkan();
    const figures: Figures = {};
    for (const [regime, setting] of Object.entries(regimes)) {
      report(regime);
      const out = execFileSync(
        process.execPath,
        [join(import.meta.dirname, 'gpuCountsProcess.ts'), JSON.stringify(setting)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const { adapter, ...counts } = JSON.parse(out.toString()) as GpuCounts;
      figures.adapter = adapter;
      for (const [name, count] of Object.entries(counts)) figures[`${regime}: ${name}`] = count;
    }
    return figures;
  },
  limits: {
    ...{ 'FPT: dispatches': '< 501', 'FPT: submits': '< 2', 'FPT: allocations': '< 1' },
    ...{ 'unfrozen: dispatches': '< 901', 'unfrozen: submits': '< 2', 'unfrozen: allocations': '< 1' },
  },
};
