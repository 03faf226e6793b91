/** The time and memory that it takes to make a checkpoint of the size of GPT-2 small ready for training. */
import { fork } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensorsHeader } from '#formats/safetensors';
import { bodies } from '#models/index';
import { runtimeEnvironment } from '#trainer/environment';
import type { Benchmark, Figures } from './benchmark.ts';
import { legacyTorchChunks } from './legacyTorch.ts';

const { body, config } = bodies.gpt2;
const shapes = body.parameters(config);
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Varied values of a tensor that are cheap to compute. */
const values = (shape: readonly number[], seed: number): Uint8Array => {
  const data = new Float32Array(size(shape));
  for (let i = 0; i < data.length; i++) data[i] = (((i + seed) * 2654435761) % 65536) / 1e6;
  return new Uint8Array(data.buffer);
};

function write(path: string, chunks: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  for (const chunk of chunks) for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done);
  closeSync(file);
}

function* safetensorsChunks(): Generator<Uint8Array> {
  const specs = Object.entries(shapes).map(([name, shape]) => [name, { shape, dtype: 'F32' }] as const);
  yield safetensorsHeader(Object.fromEntries(specs)).header;
  for (const [i, shape] of Object.values(shapes).entries()) yield values(shape, i);
}

interface Prepared {
  seconds: number;
  /** Peak resident memory minus that at the start. */
  extraMegabytes: number;
  /** Memory at the end that is not mapped from a file, minus that at the start. */
  copiedMegabytes: number;
}

/** Prepares the weights of a run in a separate process, in which nothing else takes memory. */
const prepare = (home: string, what: 'weights' | 'learner'): Promise<Prepared> =>
  new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'checkpointsProcess.ts'), [home, what], { env: runtimeEnvironment() });
    child.once('message', (figures: Prepared) => resolve(figures));
    child.once('exit', (code) => reject(new Error(`checkpointsProcess.ts exited without figures (exit code ${code})`)));
  });

export const checkpoints: Benchmark = {
  title: 'A checkpoint of GPT-2 small (498 MB, generated): from the file to a trainable model',
  async run(report) {
    const root = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    const place = (home: string, file: string) => {
      const folder = join(root, home, 'models', 'gpt2');
      mkdirSync(folder, { recursive: true });
      return join(folder, file);
    };
    try {
      write(place('safetensors', 'model.safetensors'), safetensorsChunks());
      write(place('torch', 'pytorch_model.bin'), legacyTorchChunks(shapes, values));
      report('files written');
      const mapped = await prepare(join(root, 'safetensors'), 'learner');
      const converted = await prepare(join(root, 'torch'), 'weights');
      const again = await prepare(join(root, 'torch'), 'learner');
      return {
        safetensorsSeconds: mapped.seconds,
        safetensorsExtraMegabytes: mapped.extraMegabytes,
        safetensorsCopiedMegabytes: mapped.copiedMegabytes,
        legacyConvertSeconds: converted.seconds,
        legacyConvertExtraMegabytes: converted.extraMegabytes,
        convertedAgainSeconds: again.seconds,
      } satisfies Figures;
    } finally {
      rmSync(root, { recursive: true });
    }
  },
  limits: {
    safetensorsSeconds: '< 3',
    safetensorsExtraMegabytes: '< 996',
    legacyConvertSeconds: '< 15',
    legacyConvertExtraMegabytes: '< 300',
  },
};
