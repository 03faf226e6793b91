import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '#contract/config';
import { configFile } from '#contract/configFile';
import { randomStream } from '#contract/random';
import { type EntryBody, encodeEntry, type FinalResult, type JournalEntry, type MetricRow } from '#contract/run';
import { migrations, openDatabase } from '#store/database';
import { rebuild } from '#store/rebuild';
import { openStore } from '#store/store';

const config = parseConfig({ task: 'mnist', patch_size: 4, num_iters: 3, steps_per_iter: 10 });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'permafrost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entries = (bodies: EntryBody[], from = 1): JournalEntry[] =>
  bodies.map((body, i) => ({ seq: from + i, at: 1000 + i, body }));
const started = (step: number): EntryBody => ({
  kind: 'started',
  step,
  totalSteps: 30,
  device: 'cpu',
  trainable: 5,
  total: 9,
  deviations: [{ field: 'variant', text: 'why' }],
});
const losses = (from: number, to: number): EntryBody => ({
  kind: 'metrics',
  rows: Array.from({ length: to - from + 1 }, (_, i): MetricRow => ['train_loss', from + i, 1 / (from + i)]),
});
const result: FinalResult = {
  metric: 'accuracy',
  value: 0.9,
  loss: 0.3,
  samples: 10000,
  standardError: 0.003,
  last100: 0.88,
  iteration: 2,
  iterations: 3,
  steps: 30,
  stoppedEarly: false,
  seconds: 1.5,
};
const finished: EntryBody = { kind: 'ended', state: 'finished', step: 30, reason: null, result };

async function withRun(id = 'mnist-aaaaaa') {
  const store = await openStore(':memory:');
  store.runs.add({ id, config, createdAt: 7 }, 'queued');
  return store;
}

it('a run that trained on a node of a cluster does not predict times on this machine', async () => {
  const store = await withRun();
  store.runs.add({ id: 'mnist-bbbbbb', config, createdAt: 8 }, 'queued', null, 'slurm');
  for (const id of ['mnist-aaaaaa', 'mnist-bbbbbb']) store.apply(id, entries([started(0), finished]));
  expect(store.finished().map(({ id }) => id)).toEqual(['mnist-aaaaaa']);
});

it('lists a run without a name under its task, body and regime instead of as "run"', async () => {
  const store = await withRun();
  store.runs.add({ id: 'mnist-bbbbbb', config: { ...config, name: 'patches of 4' }, createdAt: 8 }, 'queued');
  expect(store.rows().map(({ name }) => name)).toEqual(['mnist · gpt2 · FPT', 'patches of 4']);
  store.close();
});

describe('journal entries', () => {
  it('become the row of the run and its metrics', async () => {
    const store = await withRun();
    store.apply(
      'mnist-aaaaaa',
      entries([started(0), losses(1, 30), { kind: 'log', level: 'info', text: 'x' }, finished]),
    );
    expect(store.runs.get('mnist-aaaaaa')).toMatchObject({
      state: 'finished',
      step: 30,
      device: 'cpu',
      trainable: 5,
      total: 9,
      result,
      deviations: [{ field: 'variant', text: 'why' }],
      startedAt: 1000,
      endedAt: 1003,
    });
    expect(store.metrics.series('mnist-aaaaaa', 'train_loss')).toHaveLength(30);
  });
  it('count once, however often they arrive', async () => {
    const store = await withRun();
    const all = entries([started(0), losses(1, 10), losses(11, 20)]);
    expect(store.apply('mnist-aaaaaa', all.slice(0, 2))).toEqual(all.slice(0, 2));
    expect(store.apply('mnist-aaaaaa', all)).toEqual([all[2]]);
    expect(store.apply('mnist-aaaaaa', all)).toEqual([]);
    expect(store.runs.get('mnist-aaaaaa').step).toBe(20);
  });
  it('count when an earlier one is lost', async () => {
    const store = await withRun();
    const [start, , ...after] = entries([started(0), losses(1, 10), losses(11, 20), finished]);
    expect(store.apply('mnist-aaaaaa', [start, ...after])).toEqual([start, ...after]);
    expect(store.runs.get('mnist-aaaaaa')).toMatchObject({ state: 'finished', result: { value: expect.any(Number) } });
  });
  it('delete the metrics after the step that a resumed run starts from', async () => {
    const store = await withRun();
    store.apply('mnist-aaaaaa', entries([started(0), losses(1, 20)]));
    store.apply('mnist-aaaaaa', entries([started(12), losses(13, 15)], 3));
    expect(store.metrics.series('mnist-aaaaaa', 'train_loss').at(-1)!.step).toBe(15);
    expect(store.metrics.series('mnist-aaaaaa', 'train_loss')).toHaveLength(15);
  });
});

it('a thinned curve keeps every extreme and has about the requested number of points', async () => {
  const store = await withRun();
  const rows = Array.from(
    { length: 10_000 },
    (_, i): MetricRow => ['test_loss', i + 1, i === 4321 ? 99 : i === 7777 ? -99 : Math.sin(i)],
  );
  store.apply('mnist-aaaaaa', entries([started(0), { kind: 'metrics', rows }]));
  const points = store.metrics.series('mnist-aaaaaa', 'test_loss', 200);
  expect(points.length).toBeLessThanOrEqual(200);
  expect(points.length).toBeGreaterThan(150);
  expect(points).toContainEqual({ step: 4322, value: 99 });
  expect(points).toContainEqual({ step: 7778, value: -99 });
  expect(points.map((p) => p.step)).toEqual(points.map((p) => p.step).sort((a, b) => a - b));
  expect(store.metrics.series('mnist-aaaaaa', 'test_loss')).toHaveLength(10_000);
});

describe('a long thinned curve', () => {
  const id = 'mnist-aaaaaa';
  const points = 100;
  const random = randomStream(1, 'values');
  const values = Array.from({ length: 20_000 }, () => random.normal());
  const rows = (from: number, to: number, step = (i: number) => i): EntryBody => ({
    kind: 'metrics',
    rows: values.slice(from - 1, to).map((value, i): MetricRow => ['train_loss', step(from + i), value]),
  });
  const thinned = (store: Awaited<ReturnType<typeof withRun>>) => store.metrics.curve(id, 'train_loss', { points });

  it('has the lowest and the highest point of any range, and says how many points are in it', async () => {
    const store = await withRun();
    store.apply(id, entries([started(0), rows(1, 20_000)]));
    for (let i = 0; i < 60; i++) {
      const [from, to] = [1 + random.below(12_000), 12_000 + random.below(9000)];
      const { points: all } = store.metrics.curve(id, 'train_loss', { from, to });
      const { points: some, of } = store.metrics.curve(id, 'train_loss', { from, to, points });
      expect(of).toBe(all.length);
      expect(some.length).toBeLessThanOrEqual(points);
      const valueAt = new Map(all.map(({ step, value }) => [step, value]));
      expect(some.filter(({ step, value }) => valueAt.get(step) !== value)).toEqual([]);
      for (const extreme of [Math.min, Math.max]) {
        const value = all.reduce((found, point) => extreme(found, point.value), all[0].value);
        expect(some.map((point) => point.value)).toContain(value);
      }
    }
  });
  it('is the same whether its rows came at once, one by one, or again after a resume', async () => {
    const [once, often] = [await withRun(), await withRun()];
    once.apply(id, entries([started(0), rows(1, 20_000)]));
    const wrong = rows(8001, 9000, (i) => i + 4);
    const single = Array.from({ length: 300 }, (_, i) => rows(12_001 + i, 12_001 + i));
    // the evaluation at the step of a checkpoint comes twice
    often.apply(id, entries([started(0), rows(1, 8000), wrong, started(8010), rows(8001, 12_000), ...single]));
    often.apply(id, entries([rows(12_301, 20_000)], 306));
    expect(thinned(often).points).toEqual(thinned(once).points);
    expect(thinned(often).of).toBe(20_000);
  });
  it('is the same in a store of an earlier layout', async () => {
    const path = join(folder, 'old.db');
    const old = new Sqlite(path);
    for (const layout of migrations.slice(0, 2)) old.exec(layout);
    old.pragma('user_version = 2');
    const { lastInsertRowid } = old
      .prepare("INSERT INTO runs (id, config, state, created_at) VALUES (?, ?, 'finished', 1)")
      .run(id, JSON.stringify(config));
    const insert = old.prepare('INSERT INTO metrics VALUES (?, 0, ?, ?)');
    old.transaction(() => {
      for (const [i, value] of values.entries()) insert.run(lastInsertRowid, i + 1, value);
    })();
    old.close();
    const [store, fresh] = [await openStore(path), await withRun()];
    fresh.apply(id, entries([started(0), rows(1, 20_000)]));
    expect(thinned(store).points).toEqual(thinned(fresh).points);
    store.close();
  });
});

describe('runs', () => {
  it('are found by the beginning of their id; an unknown one names the nearest', async () => {
    const store = await withRun();
    store.runs.add({ id: 'mnist-aabbbb', config, createdAt: 8 }, 'queued');
    expect(store.runs.get('mnist-aab').id).toBe('mnist-aabbbb');
    expect(() => store.runs.get('mnist-a')).toThrow(/2 ids begin like that: mnist-aaaaaa, mnist-aabbbb/);
    expect(() => store.runs.get('mnist-aaaaab')).toThrow(/no run "mnist-aaaaab". Did you mean mnist-aaaaaa\?/);
  });
  it('are queued in order, and claimed by only one process', async () => {
    const store = await withRun();
    store.runs.add({ id: 'b', config, createdAt: 8 }, 'queued');
    store.runs.enqueue('mnist-aaaaaa', 'an-app');
    expect(store.runs.inState('queued').map((run) => run.id)).toEqual(['b', 'mnist-aaaaaa']);
    expect(store.runs.claim('b')).toBe(true);
    expect(store.runs.claim('b')).toBe(false);
  });
  it('have tags, each once', async () => {
    const store = await withRun();
    for (const tag of ['x', 'a', 'x']) store.runs.tag('mnist-aaaaaa', tag);
    expect(store.runs.get('mnist-aaaaaa').tags).toEqual(['a', 'x']);
    store.runs.untag('mnist-aaaaaa', 'x');
    expect(store.runs.get('mnist-aaaaaa').tags).toEqual(['a']);
  });
  it('keep their config, and are removed with all of their rows', async () => {
    const store = await withRun();
    expect(store.runs.get('mnist-aaaaaa').config).toEqual(config);
    store.apply('mnist-aaaaaa', entries([started(0), losses(1, 5)]));
    store.runs.remove('mnist-aaaaaa');
    expect(store.runs.list()).toEqual([]);
    expect(store.metrics.series('mnist-aaaaaa', 'train_loss')).toEqual([]);
  });
});

it('two stores open on one file see each other’s runs', async () => {
  const path = join(folder, 'store.db');
  const [one, two] = [await openStore(path), await openStore(path)];
  for (let i = 0; i < 50; i++) (i % 2 ? one : two).runs.add({ id: `r${i}`, config, createdAt: i }, 'queued');
  expect(one.runs.list()).toHaveLength(50);
  expect(two.runs.list()).toEqual(one.runs.list());
  one.close();
  two.close();
});

describe('the file', () => {
  it('is migrated from the first layout to the current one and keeps its rows', async () => {
    const path = join(folder, 'old.db');
    const old = new Sqlite(path);
    old.exec(migrations[0]);
    old.pragma('user_version = 1');
    old
      .prepare("INSERT INTO runs (id, config, state, created_at) VALUES ('old', ?, 'finished', 1)")
      .run(JSON.stringify(config));
    old.close();
    const store = await openStore(path);
    expect(store.runs.get('old').config).toEqual(config);
    store.close();
  });
  it('is refused if a newer Permafrost made it, if it is not a database, or if its folder is missing', async () => {
    const newer = new Sqlite(join(folder, 'newer.db'));
    newer.pragma('user_version = 99');
    newer.close();
    await expect(openStore(join(folder, 'newer.db'))).rejects.toThrow(
      /layout 99, but this version of Permafrost knows only layouts up to \d+\. A newer version made it/,
    );
    writeFileSync(join(folder, 'text.db'), 'this is no database, but it is long enough to be read as one'.repeat(20));
    await expect(openStore(join(folder, 'text.db'))).rejects.toThrow(
      /run store .*text\.db: file is not a database. The database is damaged. Run permafrost rebuild/,
    );
    await expect(openStore(join(folder, 'missing/store.db'))).rejects.toThrow(
      /cannot be used as the run store.*PERMAFROST_HOME/s,
    );
  });
  it('leaves no copy behind when a read-only command opens the store of a newer Permafrost', async () => {
    const newer = new Sqlite(join(folder, 'newer.db'));
    newer.exec('CREATE TABLE runs (id)');
    newer.pragma('user_version = 99');
    newer.close();
    const copies = join(folder, 'copies');
    mkdirSync(copies);
    vi.stubEnv('TMPDIR', copies);
    try {
      await expect(openStore(join(folder, 'newer.db'), { reads: true })).rejects.toThrow(/A newer version made it/);
      expect(readdirSync(copies)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
  it('uses a write-ahead log only if SQLite is new enough', async () => {
    const database = await openDatabase(join(folder, 'mode.db'));
    const version = (database.prepare('SELECT sqlite_version()').pluck().get() as string).split('.').map(Number);
    const safe = version[0] > 3 || version[1] > 51 || (version[1] === 51 && version[2] >= 3);
    expect(database.pragma('journal_mode', { simple: true })).toBe(safe ? 'wal' : 'truncate');
    database.close();
  });
});

describe('rebuilding from run folders', () => {
  const nothing = { added: 0, completed: 0, unreadable: [], damaged: [] };
  const writeRun = (id: string, journal: JournalEntry[], tail = '') => {
    mkdirSync(join(folder, 'runs', id), { recursive: true });
    writeFileSync(join(folder, 'runs', id, 'config.json'), JSON.stringify({ id, createdAt: 7, ...configFile(config) }));
    writeFileSync(join(folder, 'runs', id, 'journal.jsonl'), journal.map(encodeEntry).join('') + tail);
  };
  it('restores lost runs and metrics, and leaves known ones alone', async () => {
    const journal = entries([started(0), losses(1, 30), finished]);
    writeRun('mnist-aaaaaa', journal);
    const original = await withRun();
    original.apply('mnist-aaaaaa', journal);
    const rebuilt = await openStore(':memory:');
    expect(await rebuild(rebuilt, join(folder, 'runs'))).toEqual({ ...nothing, added: 1 });
    expect(rebuilt.runs.list()).toEqual(original.runs.list());
    expect([...rebuilt.metrics.rows('mnist-aaaaaa')]).toEqual([...original.metrics.rows('mnist-aaaaaa')]);
    expect(await rebuild(rebuilt, join(folder, 'runs'))).toEqual(nothing);
  });
  it('stops at an incomplete line, marks runs that were running as crashed, and names folders that are not runs', async () => {
    writeRun(
      'mnist-bbbbbb',
      entries([started(0), losses(1, 10)]),
      encodeEntry(entries([losses(11, 20)], 3)[0]).slice(0, 40),
    );
    mkdirSync(join(folder, 'runs', 'stray'));
    writeFileSync(join(folder, 'runs', 'stray', 'mine.txt'), '');
    const store = await openStore(':memory:');
    const { added, unreadable } = await rebuild(store, join(folder, 'runs'));
    expect(added).toBe(1);
    expect(unreadable[0]).toMatch(/stray/);
    expect(store.runs.get('mnist-bbbbbb')).toMatchObject({ state: 'crashed', step: 10 });
  });
});
