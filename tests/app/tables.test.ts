/** Tables over a real store. Nothing is trained, because the queue is paused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { type ExperimentConfig, parseConfig } from '#contract/config';
import { type EntryBody, encodeEntry } from '#contract/run';
import type { Services } from '#contract/services';
import type { ReproduceRequest } from '#contract/tableState';
import { bestText, unreachedText, verdictText } from '#contract/tableText';
import { expand } from '#papers/expand';
import { tableOf } from '#papers/published';
import { openStore } from '#store/store';

const cellId = 'regimes/bit-xor/FRT';
const cell = tableOf('regimes').cells.find(({ id }) => id === cellId)!;
/** Seeds that decide against a single published run of a two-peaked task. */
const seeds = [0, 1, 2, 3, 4, 5, 6];
const { configs } = expand(cell, 'paper', seeds);
const request = (seeds: number): ReproduceRequest => ({
  table: 'regimes',
  profile: 'paper',
  cells: [{ id: cellId, seeds }],
});
const nobody = 'an-app-that-died'; // no live app has that name

let home: string;
let app: Services;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(async () => {
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});
async function open(): Promise<void> {
  app = await createApp({ home });
  app.queue.pause();
}

/** Runs in the store, left by another app. */
async function left(runs: { config: ExperimentConfig; state: 'running' | 'queued' | 'finished'; value?: number }[]) {
  const store = await openStore(join(home, 'permafrost.db'));
  for (const [i, { config, state, value = 0 }] of runs.entries()) {
    const id = `left-${i}`;
    store.runs.add({ id, config, createdAt: i }, state === 'finished' ? 'running' : state);
    if (state === 'queued') store.runs.enqueue(id, nobody);
    if (state !== 'finished') continue;
    const counts = { samples: 10_000, iteration: 1, iterations: 1, steps: 100, seconds: 1, stoppedEarly: false };
    const result = { metric: 'accuracy', value, loss: 0.1, standardError: 0.001, last100: value, ...counts };
    const end: EntryBody = { kind: 'ended', state, step: 100, reason: null, result };
    store.apply(id, [{ seq: 1, at: i, body: end }]);
  }
  store.close();
}

describe('a run counts for a cell by its settings', () => {
  it('with any name, device and seed, and the cell is judged by it', async () => {
    const named = configs.map((config) => parseConfig({ ...config, name: 'mine', device: 'cpu' }));
    await left(named.map((config, i) => ({ config, state: 'finished', value: 1 - i / 1000 })));
    await open();
    const results = async (tolerance?: { accuracy: number; mae: number }) =>
      (await app.tables.state('regimes', 'paper', tolerance)).results.find((result) => result.cell.id === cellId)!;
    expect((await results()).runs.map(({ seed }) => seed)).toEqual(seeds);
    expect((await results()).judgement).toMatchObject({ verdict: 'reproduced', seeds: 7, tolerance: 0.02 });
    expect((await results({ accuracy: 0.0001, mae: 0.1 })).judgement.verdict).not.toBe('reproduced');
    expect(app.tables.plan(request(7))).toMatchObject({ finished: 7, resumed: 0, started: 0, seconds: 0 });
    app.runs.trash(['left-6']);
    expect((await results()).judgement).toMatchObject({ verdict: "can't tell yet", seeds: 6, moreSeeds: 1 });
    expect(app.tables.plan(request(8))).toMatchObject({ finished: 6, resumed: 0, started: 2 });
  });

  it('so a repeated request or config starts no second run', async () => {
    await open();
    const [ids] = await app.tables.reproduce(request(2));
    expect((await app.tables.reproduce(request(3)))[0].slice(0, 2)).toEqual(ids);
    expect(app.runs.getAll().map(({ tags }) => tags)).toEqual(Array(3).fill(['regimes-paper']));
    const [one, same] = await app.runs.ensure([configs[0], { ...configs[0], name: 'again' }], []);
    expect(same).toEqual(one);
    expect(app.runs.getAll()).toHaveLength(3);
  });
});

describe('a result that is the mean of the last 100 test metrics', () => {
  it('says how many metrics it averages if a run has fewer, and is their mean', async () => {
    const table = tableOf('q3-frt');
    const mnist = table.cells.find(({ id }) => id === 'q3-frt/mnist')!;
    const store = await openStore(join(home, 'permafrost.db'));
    for (const [seed, config] of expand(mnist, 'paper', [0, 1]).configs.entries()) {
      const counts = { samples: 10_000, iteration: 1, iterations: 50 + seed, stoppedEarly: false, seconds: 1 };
      const steps = (50 + seed) * config.steps_per_iter;
      const result = {
        metric: 'accuracy',
        value: 0.5,
        loss: 0.1,
        standardError: 0.001,
        last100: 0.97,
        steps,
        ...counts,
      };
      const tested = { kind: 'metrics', rows: [['test_metric', steps, 0.97]] } satisfies EntryBody;
      const end = { kind: 'ended', state: 'finished', step: steps, reason: null, result } satisfies EntryBody;
      store.runs.add({ id: `short-${seed}`, config, createdAt: seed }, 'running');
      store.apply(
        `short-${seed}`,
        [tested, end].map((body, i) => ({ seq: i + 1, at: i, body })),
      );
    }
    store.close();
    await open();
    const { results } = await app.tables.state('q3-frt', 'paper');
    expect(results.find(({ cell }) => cell.id === mnist.id)).toMatchObject({ averages: 50, judgement: { mean: 0.97 } });
    expect(results.find(({ cell }) => cell.id === 'q3-frt/cifar10')!.averages).toBeNull();
  });
});

/** Finished runs with their test metrics by step, and the value of the final evaluation. */
async function finish(runs: { config: ExperimentConfig; tests: [step: number, value: number][]; value: number }[]) {
  const store = await openStore(join(home, 'permafrost.db'));
  for (const [i, { config, tests, value }] of runs.entries()) {
    const id = `done-${i}`;
    const steps = tests[tests.length - 1][0];
    const rows = tests.map(([step, test]) => ['test_metric', step, test] as ['test_metric', number, number]);
    const counts = { samples: 10_000, iteration: 1, iterations: tests.length, steps, seconds: 1, stoppedEarly: false };
    const result = { metric: 'accuracy', value, loss: 0.1, standardError: 0.001, last100: value, ...counts };
    const bodies: EntryBody[] = [
      { kind: 'metrics', rows },
      { kind: 'ended', state: 'finished', step: steps, reason: null, result },
    ];
    store.runs.add({ id, config, createdAt: i }, 'running');
    store.apply(
      id,
      bodies.map((body, j) => ({ seq: j + 1, at: i, body })),
    );
  }
  store.close();
}

describe('a cell that counts steps to a threshold', () => {
  const counted = tableOf('fpt-t6').cells.find(({ id }) => id === 'fpt-t6/bit-xor/Random')!;
  const state = async (threshold?: number) =>
    (await app.tables.state('fpt-t6', 'paper', { accuracy: 0.02, mae: 0.1, threshold })).results.find(
      ({ cell }) => cell.id === counted.id,
    )!;
  beforeEach(() =>
    finish(
      expand(counted, 'paper', [0, 1]).configs.map((config, seed) => ({
        config,
        tests: [
          [100, 0.5],
          [200, 0.9],
          [300, seed === 0 ? 0.995 : 0.98],
          [400, 0.9],
        ],
        value: 1,
      })),
    ),
  );

  it('says which runs did not reach it, and gives no mean of those that did', async () => {
    await open();
    const result = await state();
    expect(result.steps).toEqual({
      threshold: 0.99,
      runs: [
        { id: 'done-0', step: 300, of: 400, every: 100 },
        { id: 'done-1', step: null, of: 400, every: 100 },
      ],
    });
    expect(result.judgement).toMatchObject({ verdict: 'not compared', mean: null, low: null, seeds: 2 });
    expect(unreachedText(result)).toBe('1 of 2 runs did not reach 0.99 in 400 steps');
    expect(verdictText(result)).toBe('not compared: the source does not say when a run counts as converged');
  });
  it('has a mean if all runs reached it, a different mean for another threshold, and shares its runs with Table 2', async () => {
    await open();
    expect((await state(0.9)).judgement).toMatchObject({ mean: 200, verdict: 'not compared' });
    expect((await state(0.95)).judgement).toMatchObject({ mean: 300 });
    const t2 = (await app.tables.state('fpt-t2', 'paper')).results;
    expect(t2.find(({ cell }) => cell.id === 'fpt-t2/bit-xor/Random')!.judgement).toMatchObject({ mean: 1, seeds: 2 });
    const cells = [{ id: counted.id, seeds: 2 }];
    expect(app.tables.plan({ table: 'fpt-t6', profile: 'paper', cells })).toMatchObject({ finished: 2, started: 0 });
  });
});

describe('a cell that takes the best of a sweep', () => {
  const { cells: swept } = tableOf('rebuttal-rates');
  const best = swept.find(({ id }) => id === 'rebuttal-rates/mnist/FRT')!;
  const rate = (value: string) => swept.find(({ id }) => id === `${best.id}/${value}`)!;

  it('chooses it by the evaluations during training and is judged by the final one', async () => {
    const trained = [
      { cell: rate('0.0001'), tested: 0.97, value: 0.98 },
      { cell: rate('0.001'), tested: 0.96, value: 0.99 },
    ].flatMap(({ cell, tested, value }) =>
      expand(cell, 'paper', [0, 1, 2]).configs.map((config, seed) => {
        const tests: [number, number][] = [[100, tested + seed / 1000]];
        return { config, tests, value: value + seed / 1000 };
      }),
    );
    await finish(trained);
    await open();
    const { results, contrasts } = await app.tables.state('rebuttal-rates', 'paper');
    const result = results.find(({ cell }) => cell.id === best.id)!;
    expect(result.best).toEqual({
      ...{ cell: `${best.id}/0.0001`, settings: { learning_rate: 0.0001 } },
      ...{ tried: 2, of: 5 },
    });
    expect(bestText(result)).toBe('Learning rate 0.0001, the best of 2 tried of 5 during training');
    expect(result.judgement).toMatchObject({ seeds: 3, verdict: 'reproduced' });
    expect(result.judgement.mean).toBeCloseTo(0.981);
    expect(results.find(({ cell }) => cell.id === rate('0.001').id)!.judgement).toMatchObject({
      verdict: 'no published number',
      seeds: 3,
    });
    expect(contrasts).toEqual([]); // only one side has run
  });

  it('needs all runs of the sweep, which a plan counts once', async () => {
    await open();
    const request: ReproduceRequest = {
      ...{ table: 'rebuttal-rates', profile: 'paper' },
      cells: [best, rate('0.01')].map(({ id }) => ({ id, seeds: 2 })),
    };
    expect(app.tables.plan(request)).toMatchObject({ started: 10 });
    const [all, one] = await app.tables.reproduce(request);
    expect(new Set(all).size).toBe(10);
    expect(all).toEqual(expect.arrayContaining(one));
  });
});

describe('a contrast', () => {
  it('of published columns whose settings differ names the difference instead of a verdict, before any run', async () => {
    await open();
    const { contrasts } = await app.tables.state('regimes', 'paper');
    const mnist = contrasts.find(({ row, columns }) => row === 'mnist' && columns === 'FPT over FRT')!;
    expect(mnist).toMatchObject({ verdict: 'not compared', difference: null });
    expect(mnist.unlike).toEqual(['Iterations 250 against 350', 'Test samples 1600 against 800']);
    const unfrozen = contrasts.find(({ row, columns }) => row === 'mnist' && columns === 'FPT over URT')!;
    expect(unfrozen.unlike).toContain('mean of the last 100 against final evaluation');
    const quick = (await app.tables.state('regimes', 'quick')).contrasts;
    expect(quick).toHaveLength(3);
    for (const { unlike } of quick) expect(unlike).toEqual(['Learning rate 0.003 against 0.001']);
  });
  it('has cells that say how many seeds would confirm them, before any run', async () => {
    await open();
    const { results } = await app.tables.state('regimes', 'paper');
    const at = (id: string) => results.find(({ cell }) => cell.id === `regimes/${id}`)!;
    expect(at('bit-xor/URT')).toMatchObject({ outlook: { seeds: 7 }, judgement: { moreSeeds: 7 } });
    expect(at('mnist/FRT')).toMatchObject({ outlook: { seeds: 3 }, judgement: { moreSeeds: 3 } });
    expect(at('mnist/FPT').outlook).toMatchObject({ seeds: null, spread: 0.01 });
    expect(at('mnist-add/FRT').outlook).toBeNull();
    // also for cells that need a download
    expect(at('bit-xor/FPT')).toMatchObject({ floor: { value: 0.5 }, outlook: { seeds: 7 } });
  });
  it('of equal seeds is no difference if enough seeds would have shown one', async () => {
    const regimes = tableOf('regimes').cells;
    const both = ['FPT', 'FRT'].flatMap((column) => {
      const one = regimes.find(({ id }) => id === `regimes/bit-xor/${column}`)!;
      return expand(one, 'quick', [0, 1, 2]).configs;
    });
    await left(both.map((config) => ({ config, state: 'finished', value: 1 })));
    await open();
    const { results, contrasts } = await app.tables.state('regimes', 'quick');
    expect(results.filter(({ judgement }) => judgement.seeds === 3)).toHaveLength(2);
    expect(contrasts.filter(({ unlike }) => unlike.length === 0)).toMatchObject([
      { columns: 'FPT over FRT', verdict: 'no difference', stands: true },
    ]);
  });
});

it('a plan estimates time, memory and disk of the remaining runs, and compares parameter counts with the published ones', async () => {
  await open();
  const one = app.tables.plan(request(1));
  const two = app.tables.plan(request(2));
  expect(two.seconds).toBeCloseTo(2 * one.seconds);
  expect(two.diskBytes).toBeCloseTo(2 * one.diskBytes);
  expect(two.memoryBytes).toBe(one.memoryBytes);
  expect(one.memoryBytes).toBeGreaterThan(4e8); // GPT-2 small
  const counted = tableOf('q2-urt').cells.filter(({ published }) => published?.trainable);
  expect(counted).toHaveLength(6);
  const all = { table: 'q2-urt', cells: counted.map(({ id }) => ({ id, seeds: 1 })) };
  expect(app.tables.plan({ ...all, profile: 'paper' }).miscounted).toEqual([]); // it trains the published number of parameters
});

it('a plan for Slurm divides by the runs that the cluster setting tasks allows at once, and without one says that it cannot', async () => {
  await open();
  app.queue.setSlots(4);
  const here = app.tables.plan(request(3));
  expect(here.isOneByOne).toBe(false);
  const there = () => app.tables.plan({ ...request(3), launcher: 'slurm' });
  expect(there().isOneByOne).toBe(true);
  expect(there().seconds).toBeCloseTo(4 * here.seconds);
  app.cluster.save({ ...app.cluster.settings(), tasks: 2 });
  expect(there().isOneByOne).toBe(false);
  expect(there().seconds).toBeCloseTo(2 * here.seconds);
});

it('a cell that is unknown, or that cannot run here, is refused with its reason', async () => {
  await open();
  const other = (id: string) => app.tables.reproduce({ ...request(1), cells: [{ id, seeds: 1 }] });
  await expect(other('regimes/bit-xor/XYZ')).rejects.toThrow(/no cell regimes\/bit-xor\/XYZ\. Cells: /);
  await expect(other('regimes/bit-xor/FPT')).rejects.toThrow(
    /cannot run here: needs a download: permafrost zoo pull gpt2/,
  );
  expect(app.runs.getAll()).toEqual([]);
});

describe('after the death of an app', () => {
  it('the runs that it trained continue first, then its queue; trashed runs stay in the trash', async () => {
    await left([
      { config: configs[0], state: 'queued' },
      { config: configs[1], state: 'running' },
      { config: configs[2], state: 'running' },
    ]);
    await open();
    expect(app.runs.get('left-1')).toMatchObject({ state: 'crashed', reason: { code: 'interrupted' } });
    app.runs.trash(['left-2']);
    const [id] = await app.runs.create([{ ...configs[0], seed: 9 }]);
    app.queue.adoptOrphans();
    expect(app.queue.get().queued).toEqual(['left-1', id, 'left-0']);
    expect(app.runs.get('left-2').state).toBe('crashed');
  });

  it('a run whose trainer paused because its app died continues too; one paused by a user does not', async () => {
    const reason = { code: 'interrupted', message: 'The process that started this run exited.' };
    for (const [i, why] of [reason, null].entries()) {
      const folder = join(home, 'runs', `left-${i}`);
      mkdirSync(folder, { recursive: true });
      const body: EntryBody = { kind: 'ended', state: 'paused', step: 7, reason: why, result: null };
      writeFileSync(join(folder, 'journal.jsonl'), encodeEntry({ seq: 1, at: i, body }));
    }
    await left(configs.slice(0, 2).map((config) => ({ config, state: 'running' })));
    await open();
    expect(app.runs.get('left-0')).toMatchObject({ state: 'paused', reason });
    app.queue.adoptOrphans();
    expect(app.queue.get().queued).toEqual(['left-0']);
    expect(app.runs.get('left-1')).toMatchObject({ state: 'paused', reason: null });
  });

  it('a request takes over its own runs and no others', async () => {
    await left([
      { config: configs[0], state: 'queued' },
      { config: configs[1], state: 'running' },
      { config: { ...configs[2], learning_rate: 0.5 }, state: 'queued' },
    ]);
    await open();
    expect(app.tables.plan(request(2))).toMatchObject({ resumed: 2, started: 0 });
    expect(await app.tables.reproduce(request(2))).toEqual([['left-0', 'left-1']]);
    expect(app.queue.get().queued).toEqual(['left-1', 'left-0']);
    expect(app.runs.getAll()).toHaveLength(3);
  });
});
