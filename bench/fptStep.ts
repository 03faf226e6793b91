/** GPT-2 small, FPT freezing, one training step on MNIST: ours against PyTorch, in one run on the same threads. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

const [batch, tokens, dropout, threads] = [16, 49, 0.1, 2];
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

/** Floating-point operations of the matrix products of one step: forward, and gradients of activations. */
function stepFlops(): number {
  const [d, layers, inputs] = [768, 12, 16];
  const rows = batch * tokens;
  const dense = 2 * rows * 12 * d * d;
  const attention = 4 * rows * tokens * d;
  const lastBlock = 2 * rows * 2 * d * d + 2 * batch * 10 * d * d + 4 * batch * tokens * d; // keys and values of all, the rest of one token
  const forward = (layers - 1) * (dense + attention) + lastBlock + 2 * rows * inputs * d;
  return forward + (layers - 1) * (dense + 2 * attention) + lastBlock + 2 * rows * inputs * d;
}

export const fptStep: Bench = {
  title: 'GPT-2 small, FPT: one training step on MNIST, batch 16 × 49 tokens, dropout 0.1, 2 threads',
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
      const arguments_ = [batch, dropout, steps, threads].map(String);
      ours.push(
        JSON.parse(execFileSync(process.execPath, [here('fptStepProcess.ts'), ...arguments_], { encoding: 'utf8' })),
      );
      if (python) {
        const torch = [batch, tokens, dropout, steps, threads].map(String);
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
      gemmShare: stepFlops() / oursMedian / 1e9 / gemmGflops,
      sessionSeconds: Math.max(...ours.map((r) => r.sessionSeconds)),
      rssMb: Math.max(...ours.map((r) => r.rssMb)),
      torchRssMb: theirs.length ? Math.max(...theirs.map((r) => r.rssMb)) : null,
      dataShare: median(ours.flatMap((r) => r.dataSeconds)) / oursMedian,
    };
  },
  limits: { ratio: '≥ 2.2', sessionSeconds: '< 2.5', rssMb: '< 1700', dataShare: '< 0.02' },
};
