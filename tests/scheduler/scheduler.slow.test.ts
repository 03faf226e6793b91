/** The scheduler with real trainers, killed at random. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { randomStream } from '#contract/random';
import type { Services } from '#contract/services';
import { openStore } from '#store/store';
import { whyNoProcFolder } from '../disk/procFolder.ts';

const tiny = {
  task: 'bit-xor',
  n: 4,
  num_patterns: 2,
  pretrained: false,
  n_layer: 1,
  n_embd: 16,
  n_head: 2,
  n_positions: 4,
  device: 'cpu',
};
const budget = {
  batch_size: 8,
  gpu_batch_size: 8,
  num_iters: 3,
  steps_per_iter: 5,
  test_steps_per_iter: 16,
  final_test_samples: 64,
};
const config = parseConfig({ ...tiny, ...budget, early_stop: null });
const long = parseConfig({ ...config, num_iters: 100_000 });

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(home, { recursive: true, maxRetries: 5 }));

async function withApp<T>(
  use: (app: Services) => Promise<T>,
  options: { slots?: number; trainer?: string } = {},
): Promise<T> {
  const app = await createApp({ home, ...options });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}
const until = async (condition: () => boolean, seconds = 30) => {
  const end = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await sleep(20);
  }
};

it('a queued run is trained to its result, and its folder agrees with the store', async () => {
  await withApp(async (app) => {
    const seen: string[] = [];
    app.runs.subscribe((_, entry) => seen.push(entry?.body.kind ?? 'change'));
    const [id] = await app.runs.create([config], ['mine']);
    await app.queue.whenIdle();
    const run = app.runs.get(id);
    expect(run).toMatchObject({ state: 'finished', step: 15, totalSteps: 15, tags: ['mine'], reason: null });
    expect(run.result).toMatchObject({ metric: 'accuracy', samples: 64, iterations: 3, steps: 15 });
    expect(run.deviations.length).toBeGreaterThan(0);
    expect(app.runs.series(id, 'train_loss')).toHaveLength(15);
    expect(app.runs.series(id, 'test_metric').map((p) => p.step)).toEqual([5, 10, 15]);
    expect(seen).toContain('started');
    expect(seen).toContain('ended');
    expect(seen.at(-1)).toBe('change'); // its slot is free
    const rows = [...app.runs.metrics(id)];
    const copy = join(home, 'copy');
    cpSync(join(home, 'runs'), join(copy, 'runs'), { recursive: true });
    const other = await createApp({ home: copy });
    expect(other.runs.get(id)).toEqual(run); // a store that is gone is made from the folders
    expect(await other.rebuild()).toMatchObject({ added: 0, completed: 0, unreadable: [], damaged: [] });
    expect([...other.runs.metrics(id)]).toEqual(rows);
    await other.close();
  });
});

it('a running run pauses at a checkpoint, continues when resumed, stops when told, and a finished one is not resumed', async () => {
  await withApp(async (app) => {
    const [id] = await app.runs.create([long]);
    await until(() => app.runs.get(id).step > 3);
    expect(() => app.runs.resume(id)).toThrow(/is already running/);
    app.runs.pause(id);
    await app.queue.whenIdle();
    const { state, step } = app.runs.get(id);
    expect(state).toBe('paused');
    app.runs.resume(id);
    await until(() => app.runs.get(id).state === 'running' && app.runs.get(id).step > step);
    app.runs.stop(id);
    await app.queue.whenIdle();
    expect(app.runs.get(id).state).toBe('stopped');
    const [done] = await app.runs.create([config]);
    await app.queue.whenIdle();
    expect(() => app.runs.resume(done)).toThrow(/is finished and cannot be resumed/);
  });
});

it('one run trains per slot; a run removed from the queue never starts', async () => {
  await withApp(
    async (app) => {
      const [a, b, c] = await app.runs.create([0, 1, 2].map((seed) => ({ ...long, seed })));
      await until(() => [a, b].every((id) => app.runs.get(id).step > 0));
      expect(app.runs.get(c).state).toBe('queued');
      app.runs.pause(c);
      expect(app.runs.get(c).state).toBe('paused');
      app.runs.pause(a);
      app.runs.pause(b);
      await app.queue.whenIdle();
      expect([a, b, c].map((id) => app.runs.get(id).state)).toEqual(['paused', 'paused', 'paused']);
      expect(app.runs.get(c).startedAt).toBeNull();
    },
    { slots: 2 },
  );
});

describe('a trainer that exits unexpectedly', () => {
  it('leaves its run crashed, with the reason, its last output and its metrics', async () => {
    const trainer = join(home, 'trainer.mjs');
    writeFileSync(trainer, "console.error('out of luck'); process.exit(7);");
    await withApp(
      async (app) => {
        const [id] = await app.runs.create([config]);
        await app.queue.whenIdle();
        expect(app.runs.get(id)).toMatchObject({ state: 'crashed', reason: { code: 'crashed' } });
        expect(app.runs.get(id).reason!.message).toMatch(/exit code 7.*out of luck\. Resume/);
      },
      { trainer },
    );
  });
  it.skipIf(whyNoProcFolder)('because it was killed, can be resumed to the result', async () => {
    await withApp(async (app) => {
      const slow = { ...config, num_iters: 100 };
      const [id] = await app.runs.create([slow]);
      await until(() => app.runs.series(id, 'test_loss').length > 2);
      process.kill(trainersOf(id)[0]);
      await app.queue.whenIdle();
      expect(['crashed', 'paused']).toContain(app.runs.get(id).state);
      app.runs.resume(id);
      await app.queue.whenIdle();
      expect(app.runs.get(id)).toMatchObject({ state: 'finished', step: 500 });
      expect(app.runs.series(id, 'train_loss')).toHaveLength(500);
    });
  });
});

const trainersOf = (id: string): number[] =>
  readdirPids().filter((pid) => commandLine(pid).some((part) => part.endsWith(`/runs/${id}`)));

const readdirPids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const commandLine = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

it.skipIf(whyNoProcFolder)('a run whose trainer outlives its app continues in the next app', async () => {
  const id = await withApp(async (app) => {
    app.queue.pause();
    return (await app.runs.create([long]))[0];
  });
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'appProcess.ts'), home, id], { stdio: 'ignore' });
  const store = await openStore(join(home, 'permafrost.db'));
  await until(() => store.runs.get(id).step > 3);
  const [trainer] = trainersOf(id);
  store.close();
  process.kill(trainer, 'SIGSTOP'); // as long as a step of a large body
  const gone = new Promise((resolve) => owner.once('exit', resolve));
  owner.kill('SIGKILL');
  await gone;
  await withApp(async (app) => {
    app.queue.adoptOrphans();
    const { state, step } = app.runs.get(id);
    expect(state).toBe('running');
    expect(app.queue.get()).toMatchObject({ running: [], queued: [] });
    process.kill(trainer, 'SIGCONT');
    await until(() => app.queue.get().running.includes(id) && app.runs.get(id).step > step);
    app.runs.stop(id);
    await app.queue.whenIdle();
    expect(app.runs.get(id).state).toBe('stopped');
  });
});

it.skipIf(whyNoProcFolder)(
  'a run whose trainer or app is killed 20 times at random ends like an undisturbed run',
  async () => {
    const killed = { ...config, num_iters: 80, steps_per_iter: 50, dropout: 0.2, body_dropout: 0.1 };
    const { expected, expectedRows, id } = await withApp(async (app) => {
      const [whole] = await app.runs.create([killed]);
      await app.queue.whenIdle();
      const [id] = await app.runs.create([killed]);
      app.runs.pause(id);
      await app.queue.whenIdle();
      return { expected: app.runs.get(whole).result!, expectedRows: [...app.runs.metrics(whole)], id };
    });

    const random = randomStream(3, 'kills');
    const journalBytes = () => statSync(join(home, 'runs', id, 'journal.jsonl')).size;
    /** Some moment of the start, or of training. */
    const moment = async () => {
      const before = journalBytes();
      await until(() => trainersOf(id).length > 0);
      if (random.below(4) === 0) return sleep(1500 * random.uniform());
      await until(() => journalBytes() > before + 1000);
      return sleep(200 * random.uniform());
    };
    const killTrainer = () =>
      withApp(async (app) => {
        app.runs.resume(id);
        await moment();
        for (const pid of trainersOf(id)) process.kill(pid, 'SIGKILL');
        await app.queue.whenIdle();
      });
    const killApp = async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'appProcess.ts'), home, id]);
      await moment();
      child.kill('SIGKILL');
      await until(() => trainersOf(id).length === 0); // an orphan pauses by itself
    };
    for (let kill = 0; kill < 20; kill++) {
      await (kill % 4 === 3 ? killApp() : killTrainer());
      await withApp(async (app) => expect(['crashed', 'paused']).toContain(app.runs.get(id).state));
    }
    await withApp(async (app) => {
      app.runs.resume(id);
      await app.queue.whenIdle();
      const { seconds: _, ...found } = app.runs.get(id).result!;
      const { seconds: __, ...wanted } = expected;
      expect(found).toEqual(wanted);
      expect([...app.runs.metrics(id)]).toEqual(expectedRows);
      expect(app.runs.getAll().map(({ state }) => state)).toEqual(['finished', 'finished']);
    });
  },
  600_000,
);
