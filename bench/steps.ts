/** Compares our training steps with PyTorch's, in one run with the same number of threads or on the same GPU. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runtimeEnvironment } from '#trainer/environment';
import type { Benchmark, Figures } from './benchmark.ts';
import type { StepFigures, StepSetting } from './stepProcess.ts';

const [tokens, dropout, threads] = [49, 0.1, 2];

/** A model in a regime, and the same model in PyTorch. */
interface Subject {
  config: Record<string, unknown>;
  /** The model's name in torch_models.py. */
  torch: string;
  device: 'cpu' | 'webgpu';
  /** Number of timed steps in each round, which follow one step of warm-up. */
  steps: number;
}
interface TorchFigures {
  seconds: number[];
  rssMb: number;
  torch: string;
  trained: number;
}
const torchDevice = { cpu: 'cpu', webgpu: 'cuda' };

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const here = (file: string) => join(import.meta.dirname, file);

/** A Python whose torch supports the device; null if there is none. On Debian: `apt-get install python3-torch libopenblas0-pthread`. */
function pythonWithTorch(device: string): string | null {
  const trial = `import torch; torch.ones(1, device="${device}")`;
  const candidates = ['python3', '/usr/bin/python3'];
  return candidates.find((python) => spawnSync(python, ['-c', trial], { stdio: 'ignore' }).status === 0) ?? null;
}

/** Name of the GPU that is measured. */
const gpuName = (): string =>
  spawnSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { encoding: 'utf8' }).stdout?.trim() ||
  'unknown';

/** `environment` can choose the runtime of a device. */
function measureOurs({ config, device, steps }: Subject, environment: NodeJS.ProcessEnv = {}): StepFigures {
  const setting: StepSetting = { config, device, threads, steps };
  return JSON.parse(
    execFileSync(process.execPath, [here('stepProcess.ts'), JSON.stringify(setting)], {
      env: { ...runtimeEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    }).toString(),
  );
}

function measureTorch(python: string, { config, torch, device, steps }: Subject, { shape, trained }: StepFigures) {
  const setting = { model: torch, shape, frozen: config.freeze_trans, dropout: config.body_dropout ?? 0 };
  const file = JSON.stringify({ ...setting, device: torchDevice[device], threads, steps });
  const theirs: TorchFigures = JSON.parse(execFileSync(python, [here('torch_fpt.py'), file]).toString());
  if (Math.abs(theirs.trained / trained - 1) > 0.02)
    // small differences are allowed, because torch_models.py leaves out weights that GPT-2 never computes with
    throw new Error(
      `${torch}: PyTorch trains ${theirs.trained} values, but we train ${trained}. They should be equal.`,
    );
  return theirs;
}

/** Measures both in alternating rounds, so that changes in the machine's speed affect both. */
function measure(subject: Subject, rounds: number, report: (line: string) => void) {
  const python = pythonWithTorch(torchDevice[subject.device]);
  const ours: StepFigures[] = [];
  const theirs: TorchFigures[] = [];
  measureOurs({ ...subject, steps: 1 }); // writes the weight file and fills the disk cache
  for (let round = 0; round < rounds; round++) {
    report(`round ${round + 1} of ${rounds}`);
    ours.push(measureOurs(subject));
    if (python) theirs.push(measureTorch(python, subject, ours[0]));
  }
  const oursMedian = median(ours.flatMap(({ seconds }) => seconds));
  const torchMedian = theirs.length ? median(theirs.flatMap(({ seconds }) => seconds)) : null;
  return {
    ours,
    ratio: torchMedian && torchMedian / oursMedian,
    oursSecondsPerStep: oursMedian,
    torchSecondsPerStep: torchMedian,
    torch: theirs[0]?.torch ?? `no Python with torch on ${torchDevice[subject.device]} on this machine`,
    rssMb: Math.max(...ours.map(({ rssMb }) => rssMb)),
    torchRssMb: theirs.length ? Math.max(...theirs.map(({ rssMb }) => rssMb)) : null,
  };
}

/** Floating-point operations of the matrix products in a step of GPT-2 small: forward pass, gradients of activations, and gradients of trained weights. */
function stepFlops(batch: number, unfrozen: boolean): number {
  const [d, layers, inputs] = [768, 12, 16];
  const rows = batch * tokens;
  const dense = 2 * rows * 12 * d * d;
  const attention = 4 * rows * tokens * d;
  const lastBlock = 2 * rows * 2 * d * d + 2 * batch * 10 * d * d + 4 * batch * tokens * d; // keys and values of all tokens, and the rest for one token
  const forward = (layers - 1) * (dense + attention) + lastBlock + 2 * rows * inputs * d;
  const weights = unfrozen ? (layers - 1) * dense + lastBlock : 0;
  return forward + weights + (layers - 1) * (dense + 2 * attention) + lastBlock + 2 * rows * inputs * d;
}

/** Settings for MNIST in patches of 4 × 4, which makes 49 tokens. */
const digits = (model_name: string, batch: number, frozen: boolean): Record<string, unknown> => ({
  ...{ task: 'mnist', patch_size: 4, model_name, freeze_trans: frozen, dropout, body_dropout: dropout },
  ...{ batch_size: batch, gpu_batch_size: batch },
});

interface Setting extends Pick<Subject, 'device' | 'steps'> {
  regime: 'FPT' | 'unfrozen';
  batch: number;
}

const onnxRuntime = { PERMAFROST_WEBGPU: 'onnx' };

/** Seconds of an unread step with products of 16-bit floats; null if the card has no matrix units for them. */
function measureMixed(subject: Subject): number | null {
  const config = { ...subject.config, device: 'webgpu', precision: 'mixed' };
  try {
    measureOurs({ ...subject, config, steps: 1 }); // tries the tiles of every product
    return measureOurs({ ...subject, config }).flowSeconds;
  } catch {
    return null;
  }
}

/** What our kernels and ONNX Runtime's do on the GPU, beside the figures of `measure`. */
function gpuFigures(subject: Subject, ours: readonly StepFigures[], torchSeconds: number | null): Figures {
  const flows = ours.flatMap(({ flowSeconds }) => flowSeconds ?? []);
  const flow = flows.length > 0 ? median(flows) : null;
  measureOurs({ ...subject, steps: 1 }, onnxRuntime);
  const onnx = median(measureOurs(subject, onnxRuntime).seconds);
  const mixed = measureMixed(subject);
  return {
    gpu: gpuName(),
    device: ours[0].device,
    oursUnreadSecondsPerStep: flow,
    unreadRatio: flow && torchSeconds && torchSeconds / flow,
    onnxSecondsPerStep: onnx,
    mixedUnreadSecondsPerStep: mixed,
  };
}

const stepBenchmark = ({ regime, batch, steps, device }: Setting, limits: Benchmark['limits']): Benchmark => ({
  title: `GPT-2 small, ${regime}: one training step on MNIST, batch ${batch} × ${tokens} tokens, dropout ${dropout}, ${device === 'cpu' ? `${threads} threads` : 'WebGPU against CUDA'}`,
  async run(report) {
    const config = digits('gpt2', batch, regime === 'FPT');
    const subject: Subject = { config, torch: 'gpt2', device, steps };
    const { ours, ...figures } = measure(subject, 3, report);
    const gemmGflops = median(ours.map((r) => r.gemmGflops));
    return {
      ...(device === 'cpu' ? {} : gpuFigures(subject, ours, figures.torchSecondsPerStep)),
      ...figures,
      gemmGflops,
      gemmShare: stepFlops(batch, regime === 'unfrozen') / figures.oursSecondsPerStep / 1e9 / gemmGflops,
      sessionSeconds: median(ours.map((r) => r.sessionSeconds)),
      dataShare: median(ours.flatMap((r) => r.dataSeconds)) / figures.oursSecondsPerStep,
    };
  },
  limits,
});

export const fptStep = stepBenchmark(
  { regime: 'FPT', batch: 16, steps: 5, device: 'cpu' },
  { ratio: '≥ 1.5', sessionSeconds: '< 2.5', rssMb: '< 1700', dataShare: '< 0.02' },
);
export const urtStep = stepBenchmark(
  { regime: 'unfrozen', batch: 25, steps: 3, device: 'cpu' },
  { ratio: '≥ 1.25', rssMb: '< 5000', dataShare: '< 0.02' },
);
/**
 * Needs a WebGPU adapter. One in software takes too long. The first round also tries the tiles of every product and keeps the
 * fastest.
 */
export const gpuFptStep = stepBenchmark({ regime: 'FPT', batch: 16, steps: 20, device: 'webgpu' }, {});
export const gpuUrtStep = stepBenchmark({ regime: 'unfrozen', batch: 25, steps: 5, device: 'webgpu' }, {});

const small = 16;
const both = (name: string, torch: string, config: (frozen: boolean) => Record<string, unknown>) =>
  [true, false].map((frozen): [string, Pick<Subject, 'config' | 'torch'>] => [
    `${name}, ${frozen ? 'frozen' : 'unfrozen'}`,
    { torch, config: config(frozen) },
  ]);
const network = (task: string, model_name: string, freeze_trans: boolean) => ({
  ...{ task, model_name, freeze_trans, batch_size: small, gpu_batch_size: small },
});
const subjects = [
  ...both('GPT-2 small', 'gpt2', (frozen) => digits('gpt2', small, frozen)),
  ...both('ViT-B/16', 'vit', (frozen) => digits('google/vit-base-patch16-224-in21k', small, frozen)),
  ...both('LSTM 3 × 768', 'lstm', (frozen) => digits('lstm', small, frozen)),
  ...both('MAT', 'mat', (frozen) => ({ ...network('cyp3a4-graph', 'mat', frozen), n: 32 })),
  ...both('AST', 'ast', (frozen) => network('speech-commands-mel', 'ast', frozen)),
  ['NAC, trained whole', { torch: 'nac', config: { ...network('mnist-add-reg', 'nac', false), n: 10 } }] as const,
];

/** Every model, frozen and unfrozen. Bodies are random, because pretrained ones take the same time. */
export const models: Benchmark = {
  title: `Every model, frozen and unfrozen: one training step of ${small} samples (MNIST in 49 patches for GPT-2, ViT and LSTM, ten digits for NAC, molecules of 32 tokens for MAT, spectrograms of 146 for AST), ${threads} threads`,
  rows: subjects.map(([name]) => name),
  async run(report) {
    const figures: Figures = {};
    for (const [name, subject] of subjects) {
      const { ours, torch, ...all } = measure({ ...subject, device: 'cpu', steps: 3 }, 1, () => report(name));
      const [{ trained, traceSeconds, sessionSeconds }] = ours;
      figures.torch = torch;
      figures[`${name}: ratio`] = all.ratio;
      figures[`${name}: s a step`] = all.oursSecondsPerStep;
      figures[`${name}: PyTorch, s`] = all.torchSecondsPerStep;
      figures[`${name}: MB`] = all.rssMb;
      figures[`${name}: PyTorch, MB`] = all.torchRssMb;
      figures[`${name}: compiled in s`] = traceSeconds + sessionSeconds;
      figures[`${name}: trained values`] = trained;
    }
    return figures;
  },
  limits: {},
};
