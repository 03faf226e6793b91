/**
 * Fills a home with run folders as trainers leave them, for page tests, screenshots and benchmarks:
 * `node tests/fillHome.ts HOME [COUNT]`. `rebuild` adds them to the store, as after a loss. The curves are drawn from
 * formulas and named streams, so the same call makes the same runs.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '#app';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { type Random, randomStream } from '#contract/random';
import { type EntryBody, encodeEntry, type MetricRow } from '#contract/run';
import type { Services } from '#contract/services';

interface Experiment {
  settings: Record<string, unknown>;
  /** Final accuracy, and iterations until two thirds of it. */
  reaches: number;
  pace: number;
  chance: number;
  trainable: number;
  tags: string[];
  note?: string;
}

const gpt2 = { model_name: 'gpt2', n_layer: 4, n_embd: 256, n_head: 4 };
const experiments: Experiment[] = [
  {
    settings: { ...gpt2, name: 'mnist frt', task: 'mnist', pretrained: false, patch_size: 4 },
    ...{ reaches: 0.978, pace: 4, chance: 0.1, trainable: 41_226, tags: ['paper'] },
    note: 'Same budget as the random body, to see what pretraining is worth.',
  },
  {
    settings: { ...gpt2, name: 'mnist urt', task: 'mnist', pretrained: false, freeze_trans: false, patch_size: 4 },
    ...{ reaches: 0.991, pace: 2.5, chance: 0.1, trainable: 3_203_082, tags: ['paper', 'baseline'] },
  },
  {
    settings: { ...gpt2, name: 'bit-xor n=5', task: 'bit-xor', n: 5, num_patterns: 2, pretrained: false },
    ...{ reaches: 1, pace: 6, chance: 0.5, trainable: 18_437, tags: ['bits'] },
  },
  {
    settings: {
      ...gpt2,
      name: 'bit-xor n=5 lr 0.01',
      task: 'bit-xor',
      n: 5,
      num_patterns: 2,
      pretrained: false,
      learning_rate: 0.01,
    },
    ...{ reaches: 0.83, pace: 3, chance: 0.5, trainable: 18_437, tags: ['bits', 'sweep'] },
  },
  {
    settings: {
      name: 'bit-memory frt',
      task: 'bit-memory',
      n: 1000,
      num_patterns: 5,
      patch_size: 50,
      pretrained: false,
    },
    ...{ reaches: 0.997, pace: 9, chance: 0.5, trainable: 118_066, tags: [] },
  },
  {
    settings: { ...gpt2, name: 'mnist frt patch 7', task: 'mnist', pretrained: false, patch_size: 7 },
    ...{ reaches: 0.952, pace: 5, chance: 0.1, trainable: 44_810, tags: ['sweep'] },
  },
];

type End = Extract<EntryBody, { kind: 'ended' }>['state'] | 'crashed';
const ends: End[] = [
  'finished',
  'finished',
  'finished',
  'finished',
  'finished',
  'failed',
  'stopped',
  'paused',
  'crashed',
];

const day = 86_400_000;
const device = 'cpu (ONNX Runtime, 2 threads)';

/** Writes `count` runs, of the named task if any, into a home and adds them to its store; returns their ids, the newest last. */
export async function fillHome(app: Services, count: number, task?: string): Promise<string[]> {
  const now = Date.now();
  const ids = Array.from({ length: count }, (_, i) => writeRun(app.home, i, count, now, task));
  await app.rebuild();
  return ids;
}

/** The three seeds of an experiment come one after the other. */
const experimentOf = (i: number): Experiment => experiments[Math.floor(i / 3) % experiments.length];

function writeRun(home: string, i: number, count: number, now: number, task?: string): string {
  const random = randomStream(i, 'fillHome');
  const experiment = experimentOf(i);
  const round = Math.floor(i / (3 * experiments.length));
  const config = parseConfig({
    ...experiment.settings,
    ...(task && { task }),
    ...(round === 0 ? {} : { dropout: Number((0.1 + 0.001 * round).toFixed(3)) }),
    ...{ seed: i % 3, device: 'cpu', num_iters: 40, steps_per_iter: 50, early_stop: null },
  });
  const id = `${config.task}-${i.toString(32).padStart(6, '2')}`;
  const createdAt = now - Math.round(((count - i) / count) * 12 * day) - 3_600_000;
  const folder = join(home, 'runs', id);
  mkdirSync(folder, { recursive: true });
  const end = i < 3 ? 'finished' : ends[random.below(ends.length)];
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify({ id, createdAt, ...configFile(config) }, null, 2)}\n`);
  writeFileSync(join(folder, 'journal.jsonl'), journal(experiment, config, end, createdAt, random));
  const note = i < experiments.length ? experiment.note : undefined;
  writeFileSync(join(folder, 'marks.json'), JSON.stringify({ tags: experiment.tags, note }));
  return id;
}

function journal(
  experiment: Experiment,
  config: ExperimentConfig,
  end: End,
  createdAt: number,
  random: Random,
): string {
  const { num_iters: iterations, steps_per_iter: every } = config;
  const done = end === 'finished' ? iterations : 8 + random.below(iterations - 12);
  const reaches = experiment.reaches - 0.004 * Math.abs(random.normal());
  const accuracy = (iteration: number): number => {
    const noise = 0.006 * random.normal() * Math.exp(-iteration / 25);
    const learnt = 1 - Math.exp(-iteration / experiment.pace);
    return Math.min(1, experiment.chance + (reaches - experiment.chance) * learnt + noise);
  };
  const lossOf = (value: number): number => -Math.log(Math.max(0.002, value)) * 1.1;
  const tests: number[] = [];
  const bodies: EntryBody[] = [
    {
      ...{ kind: 'started', step: 0, totalSteps: iterations * every, device },
      ...{ trainable: experiment.trainable, total: 3_203_082 + experiment.trainable, deviations: [] },
    } as EntryBody,
    { kind: 'log', level: 'info', text: 'Compiled one step in 1.2 s.' },
  ];
  for (let iteration = 1; iteration <= done; iteration++) {
    const rows: MetricRow[] = [];
    for (let k = 4; k < every; k += 5) {
      const at = accuracy(iteration - 1 + k / every) + 0.01 * random.normal();
      rows.push(['train_loss', (iteration - 1) * every + k + 1, lossOf(at) * (1 + 0.08 * random.normal())]);
    }
    const test = accuracy(iteration);
    tests.push(test);
    rows.push(['test_metric', iteration * every, test], ['test_loss', iteration * every, lossOf(test)]);
    bodies.push({ kind: 'metrics', rows });
  }
  const step = done * every;
  bodies.push({ kind: 'checkpoint', step });
  if (end !== 'crashed') bodies.push(ended(end, step, tests, iterations, every));
  const seconds = (0.05 + 0.1 * random.uniform()) * every;
  return bodies
    .map((body, i) => encodeEntry({ seq: i + 1, at: Math.round(createdAt + 2000 + i * seconds * 1000), body }))
    .join('');
}

const reasons: Partial<Record<End, { code: string; message: string }>> = {
  failed: {
    code: 'nan',
    message: 'The loss is not a number after step 412. Lower learning_rate or clip gradients (grad_norm_clip).',
  },
};

function ended(
  state: Exclude<End, 'crashed'>,
  step: number,
  tests: number[],
  iterations: number,
  every: number,
): EntryBody {
  const value = Math.max(...tests);
  const recent = tests.slice(-100).reduce((a, b) => a + b, 0) / Math.min(100, tests.length);
  const result = {
    ...{ metric: 'accuracy', value: value - 0.001, loss: -Math.log(value - 0.001), samples: 10_000 },
    ...{
      standardError: Math.sqrt((value * (1.001 - value)) / 10_000),
      last100: recent,
      iteration: tests.indexOf(value) + 1,
    },
    ...{ iterations, steps: iterations * every, stoppedEarly: false, seconds: step * 0.1 },
  };
  return { kind: 'ended', state, step, reason: reasons[state] ?? null, result: state === 'finished' ? result : null };
}

if (import.meta.main) {
  const [home, count = '54'] = process.argv.slice(2);
  if (!home) throw new Error('Usage: node tests/fillHome.ts HOME [COUNT]');
  const app = await createApp({ home });
  console.log(`${(await fillHome(app, Number(count))).length} runs in ${home}`);
  await app.close();
}
