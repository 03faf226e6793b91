/** What data cost: batches beside the GPT-2-small step that they are for, and the decoding of the two sets where it takes long. */
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

const batch = 4; // both the batch and the step grow with it
const steps = 3;
const clips = 3000;
const share = (task: string): string => `${task} share of a step`;

/** Random samples in the form that a data set is decoded to; sounds are read from the disk one by one, as all of them are. */
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

/** As many tokens as small molecules have, so that batches come in a few lengths. */
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

/** The part of a training step that making its batch takes. */
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
  await (await learner.train(0)).read(); // compilers warm up, and the first epoch's order is drawn
  const before = { ...learner.time };
  for (let i = 1; i <= steps; i++) await (await learner.train(i)).read();
  await learner.release();
  return (learner.time.data - before.data) / (learner.time.training - before.training);
}

/** Seconds of sound that is as noisy as speech, so that it packs as badly. */
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

async function splitSeconds(): Promise<number> {
  const file = join(import.meta.dirname, '../tests/fixtures/cyp3a4/cyp3a4_veith.tab.gz');
  const smiles = Array.from(tsvRows([gunzipSync(readFileSync(file))], ['Drug'], file), ({ cells }) => cells.Drug);
  const start = performance.now();
  await scaffoldSplit(smiles);
  return (performance.now() - start) / 1000;
}

export const batches: Benchmark = {
  title: `Data: making a batch as a part of a training step of GPT-2 small with a frozen body on the CPU (batch ${batch}, the commonest published setting of each task); ${clips} clips decoded; 12,328 molecules split by scaffold`,
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
