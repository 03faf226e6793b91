/** Whole runs in real trainer processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomStream } from '#contract/random';
import type { JournalEntry } from '#contract/run';
import {
  endOf,
  entriesOf,
  finishRun,
  isKind,
  type Lab,
  mainFile,
  metricsOf,
  openLab,
  outcomeOf,
  overwrite,
  type Run,
  startTrainer,
  tensorsOf,
} from './lab.ts';

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.remove());

const metric = (run: Run, key: string): number[] =>
  metricsOf(run)
    .filter((line) => line.startsWith(`${key} `))
    .map((line) => Number(line.split(' ')[2]));
const logs = (run: Run): string[] =>
  entriesOf(run).flatMap(({ body }) => (body.kind === 'log' ? [`${body.level}: ${body.text}`] : []));

describe('a tiny run', () => {
  let run: Run;
  let sent: unknown[];
  beforeAll(async () => {
    run = lab.addRun('whole');
    const trainer = startTrainer(run);
    expect(await trainer.exit).toEqual({ code: 0, signal: null, stderr: '' });
    sent = trainer.sent;
  });

  it('sends exactly what its journal holds, numbered without gaps', () => {
    expect(sent).toEqual(entriesOf(run));
    expect(entriesOf(run).map(({ seq }) => seq)).toEqual(sent.map((_, i) => i + 1));
  });

  it('starts, reports every step and every iteration, keeps a checkpoint per iteration and ends with a result', () => {
    expect(entriesOf(run).find(isKind('started'))?.body).toMatchObject({
      step: 0,
      totalSteps: 40,
      device: 'cpu (ONNX Runtime, 1 thread)',
      trainable: 244,
      total: 807700,
    });
    for (const key of ['train_loss', 'train_metric', 'grad_norm']) expect(metric(run, key), key).toHaveLength(40);
    for (const key of ['test_loss', 'test_metric']) expect(metric(run, key), key).toHaveLength(4);
    expect(entriesOf(run).flatMap(({ body }) => (body.kind === 'checkpoint' ? [body.step] : []))).toEqual([
      10, 20, 30, 40,
    ]);
    const { state, step, reason, result } = endOf(run);
    expect({ state, step, reason }).toEqual({ state: 'finished', step: 40, reason: null });
    expect(result).toMatchObject({ metric: 'accuracy', samples: 56, iterations: 4, steps: 40, stoppedEarly: false });
    expect(result!.last100).toBeCloseTo(metric(run, 'test_metric').reduce((a, b) => a + b) / 4, 12);
    expect(result!.standardError).toBeGreaterThan(0);
  });

  it('leaves its best weights beside the checkpoint and nothing else', () => {
    expect(readdirSync(run.folder).sort()).toEqual([
      'best.safetensors',
      'checkpoint.safetensors',
      'config.json',
      'frozen.json',
      'journal.jsonl',
    ]);
    const { checkpoint, best } = tensorsOf(run);
    for (const [name, bytes] of Object.entries(best)) expect(checkpoint[`best/${name}`], name).toBe(bytes);
  });

  it('has the same result when it is run again', async () => {
    const again = lab.addRun('again');
    await finishRun(again);
    expect(outcomeOf(again)).toEqual(outcomeOf(run));
  });

  it('is refused when it is finished, and its journal stays as it was', async () => {
    const before = readFileSync(run.files.journal, 'utf8');
    const { code, stderr } = await finishRun(run);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is finished\. To train it further or again, start a new run/);
    expect(readFileSync(run.files.journal, 'utf8')).toBe(before);
  });
});

it('a run learns', async () => {
  const run = lab.addRun('learns', {
    n: 1,
    num_iters: 6,
    steps_per_iter: 50,
    freeze_trans: false,
    learning_rate: 0.01,
    body_dropout: 0,
    dropout: 0,
  });
  expect(await finishRun(run)).toMatchObject({ code: 0 });
  expect(endOf(run).result).toMatchObject({ value: 1, stoppedEarly: false });
});

describe('interruptions', () => {
  const settings = { num_iters: 8, steps_per_iter: 25, body_dropout: 0.2, dropout: 0.1, early_stop: 5 };
  let whole: Run;
  beforeAll(async () => {
    whole = lab.addRun('uninterrupted', settings);
    await finishRun(whole);
    expect(endOf(whole).state).toBe('finished');
  });

  it.each([1, 2])('a run killed with -9 five times at random moments comes out the same (%d of 2)', async (n) => {
    const run = lab.addRun(`killed-${n}`, settings);
    const random = randomStream(n, 'kills');
    const moments: string[] = [];
    for (let kill = 0; kill < 5; kill++) {
      const trainer = startTrainer(run);
      const early = kill === 0; // at any moment after its start; the others while it trains
      if (!early) await Promise.race([trainer.entry(isKind('started')), trainer.exit]);
      const delay = random.uniform() * (early ? 900 : 120);
      await sleep(delay);
      trainer.child.kill('SIGKILL');
      const { code } = await trainer.exit;
      moments.push(
        `${delay.toFixed(1)} ms ${early ? 'after its birth' : 'of training'}: ${code === null ? 'killed' : `ended with ${code}`}`,
      );
      if (code !== null) break; // it was faster
    }
    if (endOf(run)?.state !== 'finished') expect(await finishRun(run), moments.join('\n')).toMatchObject({ code: 0 });
    expect(outcomeOf(run), moments.join('\n')).toEqual(outcomeOf(whole));
  });

  it('a paused run ends at a checkpoint and has the same result after a resume', async () => {
    const run = lab.addRun('paused', settings);
    const first = startTrainer(run);
    await first.entry(isKind('metrics'));
    first.child.send({ kind: 'pause' });
    expect(await first.exit).toMatchObject({ code: 0, stderr: '' });
    const { state, step, reason } = endOf(run);
    expect({ state, reason }).toEqual({ state: 'paused', reason: null });
    expect(step).toBeLessThan(200);
    expect(entriesOf(run).at(-3)?.body).toEqual({ kind: 'checkpoint', step });
    const second = startTrainer(run);
    expect((await second.entry(isKind('started'))).body).toMatchObject({ step });
    await second.exit;
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
  });

  it.each<[string, (trainer: ReturnType<typeof startTrainer>) => void, string, RegExp | null]>([
    ['stop', ({ child }) => child.send({ kind: 'stop' }), 'stopped', null],
    ['its parent going away', ({ child }) => child.disconnect(), 'paused', /process that started this run exited/],
    ['SIGTERM', ({ child }) => child.kill('SIGTERM'), 'paused', /The trainer received SIGTERM/],
  ])('%s ends a run at a checkpoint', async (what, act, state, message) => {
    const run = lab.addRun(`ended by ${what}`, { ...settings, num_iters: 1000, early_stop: null });
    const trainer = startTrainer(run);
    await trainer.entry(isKind('checkpoint'));
    act(trainer);
    expect(await trainer.exit).toMatchObject({ code: 0 });
    const end = endOf(run);
    expect(end.state).toBe(state);
    if (message) expect(end.reason).toEqual({ code: 'interrupted', message: expect.stringMatching(message) });
    else expect(end.reason).toBeNull();
    expect(end.step).toBe(metric(run, 'train_loss').length);
  });

  it('a pause interrupts the decoding of a data set and leaves no half-decoded files', async () => {
    const molecules = Array.from({ length: 500 }, (_, i) => `${i}.0\tCC(=O)Oc1ccccc1C(=O)O\t${i % 2}`);
    const folder = join(lab.home, 'data', 'cyp3a4-graph');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cyp3a4_veith.tab'), ['Drug_ID\tDrug\tY', ...molecules, ''].join('\n'));
    const nothing = { n: null, num_patterns: null, n_positions: null, freeze_trans: false };
    const run = lab.addRun('decoding', { ...nothing, task: 'cyp3a4-graph', model_name: 'mat', n_embd: 16 });
    const trainer = startTrainer(run);
    const isDecoding = ({ body }: JournalEntry) => body.kind === 'log' && body.text.startsWith('Decoding the data');
    await trainer.entry(isDecoding);
    trainer.child.send({ kind: 'pause' });
    expect(await trainer.exit).toMatchObject({ code: 0, stderr: '' });
    expect(endOf(run)).toMatchObject({ state: 'paused', step: 0, reason: null });
    expect(existsSync(join(lab.home, 'cache', 'datasets', 'cyp3a4-graph'))).toBe(false);
  });

  it('a parent that exits before the trainer has started is noticed', async () => {
    const run = lab.addRun('left early', { ...settings, num_iters: 1000, early_stop: null });
    const trainer = startTrainer(run);
    trainer.child.disconnect();
    expect(await trainer.exit).toMatchObject({ code: 0 });
    expect(endOf(run)).toMatchObject({ state: 'paused', step: 0, reason: { code: 'interrupted' } });
  });

  it.skipIf(process.platform === 'win32')('an app that dies right after a pause does not fail its run', async () => {
    const run = lab.addRun('asked by a dead app', { ...settings, num_iters: 1000, early_stop: null });
    const app = `
      const [main, folder] = process.argv.slice(1);
      const options = { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] };
      const trainer = require('node:child_process').fork(main, [folder], options);
      const die = () => process.kill(process.pid, 'SIGKILL');
      trainer.on('message', ({ body }) => {
        if (body?.kind !== 'metrics') return;
        trainer.removeAllListeners('message');
        trainer.kill('SIGSTOP'); // so that it answers when the app is dead
        trainer.send({ kind: 'pause' }, () => process.stdout.write(String(trainer.pid), die));
      });`;
    const parent = spawn(process.execPath, ['-e', app, mainFile, run.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let pid = '';
    parent.stdout.on('data', (text) => {
      pid += text;
    });
    expect(await once(parent, 'close')).toEqual([null, 'SIGKILL']);
    process.kill(Number(pid), 'SIGCONT');
    await expect.poll(() => endOf(run), { timeout: 20_000 }).toMatchObject({ state: 'paused', reason: null });
  });

  it('Ctrl-C in a terminal reaches every process, but only the parent decides about the run', async () => {
    const run = lab.addRun('interrupted at a terminal', { ...settings, num_iters: 1000, early_stop: null });
    const trainer = startTrainer(run);
    await trainer.entry(isKind('checkpoint'));
    for (const signal of ['SIGINT', 'SIGHUP'] as const) trainer.child.kill(signal);
    await sleep(100);
    trainer.child.send({ kind: 'stop' });
    expect(await trainer.exit).toMatchObject({ code: 0 });
    expect(endOf(run)).toMatchObject({ state: 'stopped', reason: null });
  });

  it('a pause during the final evaluation keeps the last weights, not the best', async () => {
    const long = { num_iters: 3, steps_per_iter: 5, final_test_samples: 100_000, seed: 3 };
    const run = lab.addRun('final', long);
    const trainer = startTrainer(run);
    await trainer.entry(({ body }) => body.kind === 'checkpoint' && body.step === 15);
    await sleep(30);
    const before = tensorsOf(run).checkpoint;
    trainer.child.send({ kind: 'pause' });
    await trainer.exit;
    expect(endOf(run)).toMatchObject({ state: 'paused', step: 15, result: null });
    expect(tensorsOf(run).checkpoint).toEqual(before);
  });

  it('a second trainer on the same run is refused and the first continues', async () => {
    const run = lab.addRun('twice', { ...settings, num_iters: 1000, early_stop: null });
    const first = startTrainer(run);
    await first.entry(isKind('started'));
    expect(await finishRun(run)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is in use by process \d+\. Wait until it finishes/),
    });
    first.child.send({ kind: 'stop' });
    expect(await first.exit).toMatchObject({ code: 0 });
    expect(entriesOf(run)).toEqual(first.sent);
  });

  it('a run whose parent was killed with -9 pauses by itself', async () => {
    const run = lab.addRun('orphan', { ...settings, num_iters: 1000, early_stop: null });
    const code = `require('node:child_process').fork(${JSON.stringify(mainFile)}, [${JSON.stringify(run.folder)}])`;
    const parent = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
    await vi.waitUntil(() => existsSync(run.files.checkpoint), { timeout: 20_000 });
    parent.kill('SIGKILL');
    await vi.waitUntil(() => endOf(run), { timeout: 20_000 });
    expect(endOf(run)).toMatchObject({ state: 'paused', reason: { code: 'interrupted' } });
  });
});

describe('gradients accumulated over micro-batches', () => {
  const plain = { num_iters: 2, body_dropout: 0, dropout: 0 };

  it('give the losses of one large batch with other samples, and resume exactly', async () => {
    const whole = lab.addRun('accumulated', { ...plain, batch_size: 8, gpu_batch_size: 2 });
    await finishRun(whole);
    expect(endOf(whole)).toMatchObject({ state: 'finished', step: 20 });
    const run = lab.addRun('accumulated and paused', { ...plain, batch_size: 8, gpu_batch_size: 2 });
    const trainer = startTrainer(run);
    await trainer.entry(isKind('started'));
    trainer.child.send({ kind: 'pause' });
    await trainer.exit;
    await finishRun(run);
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
  });
});

describe('deviations', () => {
  const fieldsOf = async (id: string, settings: object) => {
    const run = lab.addRun(id, { num_iters: 1, steps_per_iter: 1, final_test_samples: 8, ...settings });
    expect(await finishRun(run)).toMatchObject({ code: 0 });
    const started = entriesOf(run).find(isKind('started'))?.body;
    return started?.kind === 'started' ? started.deviations.map(({ field }) => field) : [];
  };
  const mnist = { task: 'mnist', patch_size: 14, n: null, num_patterns: null, batch_size: 8, gpu_batch_size: 4 };

  it('list only the small body for a reference run', async () => {
    expect(await fieldsOf('reference', { variant: 'reference' })).toEqual(['model_name']);
  });
  it('name what a corrected run does differently, accumulation on image tasks included', async () => {
    expect(await fieldsOf('corrected', { ...mnist, optimizer: 'sgd', body_dropout: 0 })).toEqual([
      'variant',
      'gpu_batch_size',
      'model_name',
      'optimizer',
      'body_dropout',
    ]);
  });
  it('do not include accumulation if a reference run multiplies the batch as published', async () => {
    expect(await fieldsOf('multiplied', { ...mnist, variant: 'reference' })).toEqual(['model_name']);
  });
});

describe('a run that fails', () => {
  it('because its loss became NaN names the step and keeps the previous checkpoint', async () => {
    const settings = { optimizer: 'sgd', task: 'digit-add', num_patterns: null, num_iters: 1 };
    const run = lab.addRun('nan', settings);
    const trainer = startTrainer(run);
    await trainer.entry(isKind('started'));
    trainer.child.send({ kind: 'stop' });
    await trainer.exit;
    const { step } = endOf(run);
    overwrite(run.files.checkpoint, 'out_net.0.bias', 3e38); // finite, but not its square
    const checkpoint = readFileSync(run.files.checkpoint);
    const { code, stderr } = await finishRun(run);
    expect(code).toBe(1);
    const message = `The training loss became Infinity at step ${step + 1}. Training cannot continue; the last checkpoint is kept. Try a learning_rate below 0.01, or the optimizer adam.`;
    expect(endOf(run)).toMatchObject({ state: 'failed', step, reason: { code: 'nan', message } });
    expect(stderr.trim()).toBe(message);
    expect(metric(run, 'train_loss')).toHaveLength(step);
    expect(readFileSync(run.files.checkpoint)).toEqual(checkpoint);
  });

  it.each<[string, object, string, RegExp]>([
    ['for lack of positions', { num_patterns: 9 }, 'config', /bit-xor makes 9 tokens, but gpt2 takes at most 8/],
    [
      'for lack of anything to train',
      { freeze_in: true, freeze_out: true, freeze_ln: true },
      'config',
      /Everything is frozen/,
    ],
    [
      'for lack of weights',
      { pretrained: true, n_layer: null, n_embd: null, n_head: null, n_positions: null },
      'weights',
      /There are no weights of gpt2 on this machine: neither .*models\/gpt2\/model\.safetensors/,
    ],
    ['for lack of a device', { device: 'tensorflow' }, 'device', /tensorflow cannot be used here: .*npm install/],
  ])('%s says so before anything is allocated', async (what, settings, code, message) => {
    const run = lab.addRun(`fails ${what}`, settings);
    expect(await finishRun(run)).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(endOf(run)).toMatchObject({
      state: 'failed',
      step: 0,
      reason: { code, message: expect.stringMatching(message) },
    });
  });

  it('for an invalid or missing config', async () => {
    const run = lab.addRun('invalid');
    writeFileSync(run.files.config, '{"name": "x", "params": {"task": "bit-xor", "lerning_rate": 1}}');
    expect(await finishRun(run)).toMatchObject({ code: 1 });
    expect(endOf(run).reason).toMatchObject({
      code: 'config',
      message: expect.stringContaining('Did you mean learning_rate?'),
    });
    writeFileSync(run.files.config, '{"name": ');
    expect(await finishRun(run)).toMatchObject({ code: 1 });
    expect(endOf(run).reason).toMatchObject({
      code: 'config',
      message: expect.stringContaining("The run's config is missing or damaged."),
    });
    const nowhere = { ...run, folder: join(lab.home, 'runs', 'nowhere') };
    expect(await finishRun(nowhere)).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a run folder') });
  });

  it('for a number of threads that is not a number', async () => {
    const run = lab.addRun('threads');
    await finishRun(run, { threads: 'many' });
    expect(endOf(run).reason).toEqual({
      code: 'config',
      message: 'PERMAFROST_THREADS must be a whole number of at least 1; found "many".',
    });
  });
});

describe.skipIf(process.platform === 'win32')('a full disk', () => {
  const settings = { n_embd: 64, num_iters: 4 };
  let whole: Run;
  beforeAll(async () => {
    whole = lab.addRun('enough space', settings);
    await finishRun(whole);
  });

  it('for checkpoints: the run continues, warns once and finishes with the same result', async () => {
    const run = lab.addRun('no checkpoints', settings);
    expect(await finishRun(run, { fileLimit: 12 })).toMatchObject({ code: 0 });
    expect(endOf(run).result).toEqual({ ...endOf(whole).result, seconds: expect.any(Number) });
    expect(metricsOf(run)).toEqual(metricsOf(whole));
    expect(logs(run).filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(
        /checkpoint\.safetensors could not be written: .* Training continues without new checkpoints/,
      ),
    ]);
    expect(readdirSync(run.folder).sort()).toEqual(['config.json', 'frozen.json', 'journal.jsonl']);
  });

  it('even for the journal: the run ends with complete lines and continues exactly when there is space', async () => {
    const run = lab.addRun('no journal', settings);
    const { code, stderr } = await finishRun(run, { fileLimit: 3 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/journal\.jsonl could not be written: .* Raise the limit/);
    expect(readFileSync(run.files.journal, 'utf8').endsWith('\n')).toBe(true);
    expect(await finishRun(run)).toMatchObject({ code: 0 });
    expect(outcomeOf(run)).toEqual(outcomeOf(whole));
  });
});

it('the home may be another folder', async () => {
  const elsewhere = openLab();
  const run = lab.addRun('elsewhere', { seed: 12345, num_iters: 1 });
  const before = readdirSync(join(lab.home, 'cache', 'bodies')).length;
  expect(await finishRun(run, { home: elsewhere.home })).toMatchObject({ code: 0 });
  expect(readdirSync(join(elsewhere.home, 'cache', 'bodies'))).toHaveLength(1);
  expect(readdirSync(join(lab.home, 'cache', 'bodies'))).toHaveLength(before);
  elsewhere.remove();
});
