/** The cost of data: making a batch, relative to a training step of GPT-2 small, and decoding the two data sets that take long. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import { tsvRows } from '#formats/tsv';
import { buildModel } from '#models/index';
import { atomWidth } from '#tasks/cyp3a4Graph';
import { taskOf, tasks } from '#tasks/index';
import { raggedSamples } from '#tasks/samples';
import { speechWords } from '#tasks/speechCommands';
import type { Dataset, SampleValues } from '#tasks/task';
import { openDevices } from '#trainer/device';
import { compileLearner } from '#trainer/learner';
import { planOf } from '#trainer/protocol';
import { prepareWeights } from '#trainer/weights';
import { rowRange } from '#zoo/dataset';
import { type Decoded, openDecoded, type SampleLayout, writeDecoded } from '#zoo/decoded';
import { loadDataset } from '#zoo/loadDataset';
import { scaffoldSplit } from '#zoo/scaffold';
import { wavFile } from '../tests/formats/samples.ts';
import { tarGzOf, writeFiles } from '../tests/zoo/archives.ts';
import type { Benchmark, Figures } from './benchmark.ts';

const batch = 4; // the times of a batch and of a step both grow with it
const steps = 3;
const clips = 3000;
const share = (task: string): string => `${task} share of a step`;

/** Random samples in each data set's decoded form. Sounds are read from the disk one by one, as in the real data set. */
async function decodedSets(home: string): Promise<Record<string, Decoded | null>> {
  const random = randomStream(1, 'bench');
  const write = async (name: string, layout: SampleLayout, sample: () => SampleValues, memory?: number) => {
    const folder = join(home, 'sets', name);
    await writeDecoded(folder, 'random', layout, async (writer) => {
      for (let i = 0; i < 2000; i++) writer.add(sample(), random.below(2));
      return { train: rowRange(0, 1000), test: rowRange(1000, 2000) };
    });
    return openDecoded(folder, 'random', memory);
  };
  const bytes = (length: number) => Uint8Array.from({ length }, () => random.below(256));
  return {
    mnist: await loadDataset('mnist', { home }),
    cifar10: await write('cifar10', { type: 'u8', width: 3072 }, () => bytes(3072)),
    'speech-commands': await write('speech', { type: 'i16', width: 16001 }, () => new Int16Array(16001).fill(16000), 0),
    cyp3a4: { dataset: molecules(), close() {} },
    'cyp3a4-graph': await write('graph', { type: 'f32', width: null }, () =>
      Float32Array.from({ length: atomWidth * (12 + random.below(40)) }, () => random.below(2)),
    ),
    listops: await write('listops', { type: 'u8', width: null }, () =>
      bytes(501 + random.below(1400)).map((v) => 1 + (v % 15)),
    ),
  };
}

/** Random sequences with the lengths of small molecules, so that batches have only a few lengths. */
function molecules(): Dataset {
  const random = randomStream(1, 'molecules');
  const lengths = Array.from({ length: 1000 }, () => 12 + random.below(40));
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  const ids = Int32Array.from({ length: starts[1000] }, () => 3 + random.below(900));
  const set = raggedSamples(
    ids,
    starts,
    lengths.map((length) => length % 2),
  );
  return { train: set, test: set };
}

/** The share of a training step's time that is spent on making its batch. */
async function dataShare(name: string, home: string, dataset: Dataset | null): Promise<number> {
  const settings = { ...tasks[name].settings[0], pretrained: false, batch_size: batch, gpu_batch_size: batch };
  const config = parseConfig({ task: name, ...settings });
  const task = taskOf(config);
  const shape = task.shape(config);
  const model = buildModel(config, shape);
  const weights = prepareWeights({ config, model, home, log: () => {} });
  const device = (await openDevices('cpu', { weightFolder: weights.folder }))[0];
  const plan = planOf(config, task.readsWholeBatches);
  const learner = await compileLearner({ config, task, shape, model, plan, weights, dataset, device });
  await (await learner.train(0)).read(); // a warm-up step, which also draws the order of the first epoch
  const before = { ...learner.time };
  for (let i = 1; i <= steps; i++) await (await learner.train(i)).read();
  await learner.release();
  return (learner.time.data - before.data) / (learner.time.training - before.training);
}

/** Decodes clips of noise, which compress as badly as speech; returns clips per second. */
async function clipsPerSecond(home: string): Promise<number> {
  const random = randomStream(1, 'sound');
  const files: Record<string, Uint8Array | string> = {
    './validation_list.txt': '',
    './testing_list.txt': 'yes/0.wav\n',
  };
  for (let i = 0; i < clips; i++) {
    const samples = Int16Array.from({ length: 16000 }, () => 300 * random.normal());
    files[`./${i === 0 ? 'yes' : speechWords[i % 35]}/${i}.wav`] = wavFile(samples);
  }
  writeFiles(join(home, 'data/speech-commands'), { 'speech_commands_v0.02.tar.gz': await tarGzOf(files) });
  const start = performance.now();
  (await loadDataset('speech-commands', { home })).close();
  return (clips * 1000) / (performance.now() - start);
}

/** Seconds to split the molecules of CYP3A4 by scaffold. */
async function splitSeconds(): Promise<number> {
  const file = join(import.meta.dirname, '../tests/fixtures/cyp3a4/cyp3a4_veith.tab.gz');
  const smiles = Array.from(tsvRows([gunzipSync(readFileSync(file))], ['Drug'], file), ({ cells }) => cells.Drug);
  const start = performance.now();
  await scaffoldSplit(smiles);
  return (performance.now() - start) / 1000;
}

export const batches: Benchmark = {
  title: `Data: share of a training step spent on making its batch (GPT-2 small, frozen body, CPU, batch ${batch}, the commonest published setting of each task); decoding ${clips} clips; splitting 12,328 molecules by scaffold`,
  async run(report) {
    const home = mkdtempSync(join(tmpdir(), 'permafrost-bench-'));
    try {
      report('decoding and splitting');
      const figures: Figures = { clipsPerSecond: await clipsPerSecond(home), splitSeconds: await splitSeconds() };
      const sets = await decodedSets(home);
      for (const { name, dataset } of Object.values(tasks)) {
        figures[share(name)] = await dataShare(name, home, dataset === null ? null : sets[dataset]!.dataset);
        report(`${name}: ${(100 * Number(figures[share(name)])).toPrecision(2)} %`);
      }
      for (const set of Object.values(sets)) set?.close();
      return figures;
    } finally {
      rmSync(home, { recursive: true });
    }
  },
  limits: {
    clipsPerSecond: '≥ 1000',
    splitSeconds: '< 30',
    ...Object.fromEntries(Object.keys(tasks).map((task) => [share(task), '< 0.02'])),
  },
};
