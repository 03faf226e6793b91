/** GPT-2 small, frozen as FPT or trained as a whole, one step on MNIST: ours against PyTorch, in one run on the same threads or the same GPU. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

const [tokens, dropout, threads] = [49, 0.1, 2];
const rounds = 3;

interface Setting {
  regime: 'FPT' | 'unfrozen';
  batch: number;
  /** Steps timed in each round, after one that warms up. */
  steps: number;
  /** Ours and PyTorch's name of it. */
  device: 'cpu' | 'webgpu';
}
const torchDevice = { cpu: 'cpu', webgpu: 'cuda' };

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const here = (file: string) => join(import.meta.dirname, file);

/** A Python whose torch has the device, or null. Debian: `apt-get install python3-torch libopenblas0-pthread`. */
function pythonWithTorch(device: string): string | null {
  const trial = `import torch; torch.ones(1, device="${device}")`;
  const candidates = ['/usr/bin/python3', 'python3'];
  return candidates.find((python) => spawnSync(python, ['-c', trial], { stdio: 'ignore' }).status === 0) ?? null;
}

/** What the figures were taken on. */
const gpuName = (): string =>
  spawnSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { encoding: 'utf8' }).stdout?.trim() ||
  'unknown';

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

const stepBench = ({ regime, batch, steps, device }: Setting, limits: Bench['limits']): Bench => ({
  title: `GPT-2 small, ${regime}: one training step on MNIST, batch ${batch} × ${tokens} tokens, dropout ${dropout}, ${device === 'cpu' ? `${threads} threads` : 'WebGPU against CUDA'}`,
  async run(report) {
    const python = pythonWithTorch(torchDevice[device]);
    const ours: {
      seconds: number[];
      dataSeconds: number[];
      rssMb: number;
      sessionSeconds: number;
      gemmGflops: number;
    }[] = [];
    const theirs: { seconds: number[]; rssMb: number; torch: string }[] = [];
    const flags = regime === 'unfrozen' ? ['unfrozen'] : [];
    const measureOurs = () => {
      const setting = [device, batch, dropout, steps, threads].map(String);
      const out = execFileSync(process.execPath, [here('fptStepProcess.ts'), ...setting, ...flags]);
      return JSON.parse(out.toString());
    };
    const measureTorch = (python: string) => {
      const setting = [torchDevice[device], batch, tokens, dropout, steps, threads].map(String);
      return JSON.parse(execFileSync(python, [here('torch_fpt.py'), ...setting, ...flags]).toString());
    };
    measureOurs(); // writes the weight file and fills the disk's cache
    for (let round = 0; round < rounds; round++) {
      report(`round ${round + 1} of ${rounds}`);
      ours.push(measureOurs());
      if (python) theirs.push(measureTorch(python));
    }
    const oursMedian = median(ours.flatMap((r) => r.seconds));
    const torchMedian = theirs.length ? median(theirs.flatMap((r) => r.seconds)) : null;
    const gemmGflops = median(ours.map((r) => r.gemmGflops));
    return {
      ...(device === 'cpu' ? {} : { gpu: gpuName() }),
      ratio: torchMedian && torchMedian / oursMedian,
      oursSecondsPerStep: oursMedian,
      torchSecondsPerStep: torchMedian,
      torch: theirs[0]?.torch ?? `no Python with torch on ${torchDevice[device]} on this machine`,
      gemmGflops,
      gemmShare: stepFlops(batch, regime === 'unfrozen') / oursMedian / 1e9 / gemmGflops,
      sessionSeconds: median(ours.map((r) => r.sessionSeconds)),
      rssMb: Math.max(...ours.map((r) => r.rssMb)),
      torchRssMb: theirs.length ? Math.max(...theirs.map((r) => r.rssMb)) : null,
      dataShare: median(ours.flatMap((r) => r.dataSeconds)) / oursMedian,
    };
  },
  limits,
});

export const fptStep = stepBench(
  { regime: 'FPT', batch: 16, steps: 5, device: 'cpu' },
  { ratio: '≥ 2.2', sessionSeconds: '< 2.5', rssMb: '< 1700', dataShare: '< 0.02' },
);
export const urtStep = stepBench(
  { regime: 'unfrozen', batch: 25, steps: 3, device: 'cpu' },
  { ratio: '≥ 1.5', rssMb: '< 5000', dataShare: '< 0.02' },
);
/** Only where a WebGPU adapter is; a software one is too slow to wait for. */
export const gpuFptStep = stepBench({ regime: 'FPT', batch: 16, steps: 20, device: 'webgpu' }, {});
export const gpuUrtStep = stepBench({ regime: 'unfrozen', batch: 25, steps: 5, device: 'webgpu' }, {});
