/** GPT-2 small, frozen as FPT or trained as a whole, one step on MNIST: ours against PyTorch, in one run on the same threads. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

const [tokens, dropout, threads] = [49, 0.1, 2];
const [rounds, steps] = [3, 5];

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const here = (file: string) => join(import.meta.dirname, file);

/** A Python that has torch, or null. Debian: `apt-get install python3-torch libopenblas0-pthread`. */
function pythonWithTorch(): string | null {
  const candidates = ['/usr/bin/python3', 'python3'];
  return (
    candidates.find((python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0) ?? null
  );
}

/** Floating-point operations of the matrix products of one step: forward, gradients of activations, and of weights that train. */
function stepFlops(batch: number, unfrozen: boolean): number {
  const [d, layers, inputs] = [768, 12, 16];
  const rows = batch * tokens;
  const dense = 2 * rows * 12 * d * d;
  const attention = 4 * rows * tokens * d;
  const lastBlock = 2 * rows * 2 * d * d + 2 * batch * 10 * d * d + 4 * batch * tokens * d; // keys and values of all, the rest of one token
  const forward = (layers - 1) * (dense + attention) + lastBlock + 2 * rows * inputs * d;
  const weights = unfrozen ? (layers - 1) * dense + lastBlock : 0;
  return forward + weights + (layers - 1) * (dense + 2 * attention) + lastBlock + 2 * rows * inputs * d;
}

const stepBench = (regime: string, batch: number, unfrozen: boolean, limits: Bench['limits']): Bench => ({
  title: `GPT-2 small, ${regime}: one training step on MNIST, batch ${batch} × ${tokens} tokens, dropout ${dropout}, ${threads} threads`,
  async run(report) {
    const python = pythonWithTorch();
    const ours: {
      seconds: number[];
      dataSeconds: number[];
      rssMb: number;
      sessionSeconds: number;
      gemmGflops: number;
    }[] = [];
    const theirs: { seconds: number[]; rssMb: number; torch: string }[] = [];
    for (let round = 0; round < rounds; round++) {
      report(`round ${round + 1} of ${rounds}`);
      const flags = unfrozen ? ['unfrozen'] : [];
      const arguments_ = [...[batch, dropout, steps, threads].map(String), ...flags];
      ours.push(
        JSON.parse(execFileSync(process.execPath, [here('fptStepProcess.ts'), ...arguments_], { encoding: 'utf8' })),
      );
      if (python) {
        const torch = [...[batch, tokens, dropout, steps, threads].map(String), ...flags];
        theirs.push(JSON.parse(execFileSync(python, [here('torch_fpt.py'), ...torch], { encoding: 'utf8' })));
      }
    }
    const oursMedian = median(ours.flatMap((r) => r.seconds));
    const torchMedian = theirs.length ? median(theirs.flatMap((r) => r.seconds)) : null;
    const gemmGflops = median(ours.map((r) => r.gemmGflops));
    return {
      ratio: torchMedian && torchMedian / oursMedian,
      oursSecondsPerStep: oursMedian,
      torchSecondsPerStep: torchMedian,
      torch: theirs[0]?.torch ?? 'no Python with torch on this machine',
      gemmGflops,
      gemmShare: stepFlops(batch, unfrozen) / oursMedian / 1e9 / gemmGflops,
      sessionSeconds: Math.max(...ours.map((r) => r.sessionSeconds)),
      rssMb: Math.max(...ours.map((r) => r.rssMb)),
      torchRssMb: theirs.length ? Math.max(...theirs.map((r) => r.rssMb)) : null,
      dataShare: median(ours.flatMap((r) => r.dataSeconds)) / oursMedian,
    };
  },
  limits,
});

export const fptStep = stepBench('FPT', 16, false, {
  ...{ ratio: '≥ 2.2', sessionSeconds: '< 2.5', rssMb: '< 1700', dataShare: '< 0.02' },
});
export const urtStep = stepBench('unfrozen', 25, true, { ratio: '≥ 1.5', rssMb: '< 5000', dataShare: '< 0.02' });
