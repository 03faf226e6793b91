/** The router over a real app on a temporary home: what the window sees. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { createCaller } from '#contract/router';
import type { JournalEntry } from '#contract/run';
import { configOf } from '#contract/runRow';
import type { Services } from '#contract/services';

const tiny = parseConfig({
  ...{ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, device: 'cpu' },
  ...{ n_layer: 1, n_embd: 16, n_head: 2, n_positions: 4 },
  ...{ batch_size: 8, gpu_batch_size: 8, test_steps_per_iter: 16, final_test_samples: 64 },
  ...{ num_iters: 3, steps_per_iter: 5, early_stop: null },
});
const long = { ...tiny, num_iters: 100_000 };

let home: string;
let app: Services;
let api: ReturnType<typeof createCaller>;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  app = await createApp({ home });
  api = createCaller({ services: app, drain: () => {} });
});
afterEach(async () => {
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});
const until = async (condition: () => boolean) => {
  while (!condition()) await sleep(20);
};

describe('runs', () => {
  it('made from a grid are listed as small rows that contain their configs', async () => {
    await api.queue.pause();
    const ids = await api.runs.create({ configs: [1, 2, 3].map((seed) => ({ ...tiny, seed })), tags: ['grid'] });
    const rows = await api.runs.list();
    expect(rows.map((row) => row.id)).toEqual(ids);
    expect(rows[1]).toMatchObject({ task: 'bit-xor', regime: 'FRT', seed: 2, tags: ['grid'], metric: 'accuracy' });
    expect(rows.map(configOf)).toEqual([1, 2, 3].map((seed) => ({ ...tiny, seed })));
    expect(Object.keys(rows[0].settings)).not.toContain('optimizer');
  });

  it('are all refused when one config is wrong', async () => {
    const wrong = (settings: object) => api.runs.create({ configs: [tiny, { ...tiny, ...settings }] });
    await expect(wrong({ n_positions: 2, n: 5, num_patterns: 9 })).rejects.toThrow(/tokens/);
    const frozen = { freeze_in: true, freeze_ln: true, freeze_out: true };
    await expect(wrong(frozen)).rejects.toThrow(/Everything is frozen/);
    expect(await api.runs.list()).toEqual([]);
    expect(readdirSync(join(home, 'runs'))).toEqual([]);
  });

  it('with a device that does not work here are refused before anything is made, with the trainer’s sentence', async () => {
    const fourth = { ...tiny, device: 'webgpu:3' as const };
    const refused = await api.runs.create({ configs: [tiny, fourth] }).catch((error) => error);
    expect(refused.message).toMatch(/^webgpu:3 cannot be used here: \w.*permafrost devices/);
    expect(await api.runs.list()).toEqual([]);
    expect(readdirSync(join(home, 'runs'))).toEqual([]);
    await api.queue.pause();
    expect(await api.runs.create({ configs: [fourth], launcher: 'slurm' })).toHaveLength(1); // a node may have it
  });

  it('whose batch does not divide into micro-batches are refused, and no other run of their grid is made', async () => {
    const configs = [50, 60].map((batch_size) => ({ ...tiny, batch_size, gpu_batch_size: 25 }));
    await expect(api.runs.create({ configs })).rejects.toThrow(/batch_size 60 .*gpu_batch_size 25.* batch_size 75/);
    expect(await api.runs.list()).toEqual([]);
  });

  it('show their metrics in the table, and have a curve, a clock, a log and checkpoints', async () => {
    const [id] = await api.runs.create({ configs: [tiny] });
    await app.queue.whenIdle();
    const [row] = await api.runs.list();
    const tests = (await api.runs.curve({ id, key: 'test_metric' })).points.map(({ value }) => value);
    expect(tests).toHaveLength(3);
    expect(row.last).toBe(tests[2]);
    expect(row.best).toBe(Math.max(...tests));
    expect(row.recent).toBeCloseTo((tests[0] + tests[1] + tests[2]) / 3);
    expect(row.value).toBe(app.runs.get(id).result!.value);
    const part = await api.runs.curve({ id, key: 'train_loss', from: 4, to: 12, points: 4 });
    expect(part.of).toBe(9);
    expect(part.points.length).toBeLessThanOrEqual(4);
    const whole = await api.runs.curve({ id, key: 'train_loss', from: 4, to: 12 });
    expect(Math.max(...part.points.map((p) => p.value))).toBe(Math.max(...whole.points.map((p) => p.value)));
    const clock = await api.runs.clock({ id });
    expect(clock.at(-1)!.step).toBe(15);
    expect(clock.at(-1)!.seconds).toBe(row.seconds);
    expect(clock.map((tick) => tick.seconds)).toEqual(clock.map((tick) => tick.seconds).sort((a, b) => a - b));
    const { lines } = await api.runs.log({ id });
    expect(lines.some(({ text }) => text.startsWith('Compiled'))).toBe(true);
    expect(lines.at(-1)!.text).toMatch(/Finished at step 15/);
    const files = await api.runs.checkpoints({ id });
    expect(files.map(({ kind, made }) => [kind, made.replace(/\d+/, 'n')])).toEqual([
      ['checkpoint', 'step n'],
      ['best', 'iteration n'],
    ]);
  });

  it('keep notes and tags, hide when archived, and lose their files only when the trash is emptied', async () => {
    await api.queue.pause();
    const [id, other] = await api.runs.create({ configs: [tiny, tiny] });
    await expect(api.runs.trash({ ids: [id] })).rejects.toThrow(/is queued. Stop it first/);
    await api.runs.stop({ id });
    await api.runs.note({ id, text: 'a *fine* run' });
    await api.runs.archive({ ids: [id], archived: true });
    await api.runs.trash({ ids: [id] });
    expect((await api.runs.list())[0]).toMatchObject({
      note: 'a *fine* run',
      archived: true,
      trashedAt: expect.any(Number),
    });
    await api.runs.restore({ ids: [id] });
    expect((await api.runs.list())[0].trashedAt).toBeNull();
    expect(await api.runs.emptyTrash()).toBe(0);
    await api.runs.trash({ ids: [id] });
    expect(await api.runs.emptyTrash()).toBe(1);
    expect(readdirSync(join(home, 'runs'))).toEqual([other]);
    await expect(api.runs.get({ id })).rejects.toMatchObject({ message: expect.stringContaining('There is no run') });
  });
});

describe('events of a run', () => {
  it('reach a page that disconnects and reconnects without gaps or repeats, at most twenty messages a second', async () => {
    const [id] = await api.runs.create({ configs: [long] });
    const seen: JournalEntry[] = [];
    let last = 0;
    let messages = 0;
    const start = Date.now();
    while (seen.length < 12) {
      const page = new AbortController();
      let left = 3;
      for await (const event of app.runs.events(id, last, page.signal)) {
        messages++;
        seen.push(...event.entries);
        last = event.seq;
        if (--left === 0) break;
      }
    }
    expect(messages).toBeLessThan(20 * ((Date.now() - start) / 1000) + 20);
    expect(seen.map((entry) => entry.seq)).toEqual(seen.map((_, i) => i + 1));
    const steps = seen.flatMap(({ body }) =>
      body.kind === 'metrics' ? body.rows.filter(([key]) => key === 'train_loss').map(([, step]) => step) : [],
    );
    expect(steps.length).toBeGreaterThan(0);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
    await api.runs.stop({ id });
    await until(() => app.runs.get(id).state === 'stopped');
  });

  it('update rows of the table, including tags and notes', async () => {
    await api.queue.pause();
    const [id] = await api.runs.create({ configs: [tiny] });
    const stop = new AbortController();
    const changes = app.runs.changes(stop.signal);
    const next = changes.next();
    await api.runs.tag({ id, add: ['good'] });
    expect((await next).value).toMatchObject({ changed: [{ id, tags: ['good'] }], gone: [] });
    stop.abort();
    expect((await changes.next()).done).toBe(true);
  });
});

describe('configs', () => {
  it('open from a dl-project file with their deviations, or report errors by field', async () => {
    const file = await api.config.file({ config: tiny });
    expect(await api.config.open({ json: file })).toMatchObject({ ok: true, config: tiny });
    const wrong = await api.config.open({
      json: { ...file, params: { ...file.params, learning_rate: -1, n_lyer: 2 } },
    });
    expect(wrong).toMatchObject({ ok: false });
    expect(wrong.ok ? [] : wrong.errors.map(({ field }) => field)).toEqual(['learning_rate', null]);
    const unknown = await api.config.open({ json: { task: 'bitxor' } });
    expect(unknown).toMatchObject({
      ok: false,
      errors: [{ field: 'task', message: expect.stringContaining('bit-xor') }],
    });
  });

  it('are estimated: counts by part that add up, and time from a similar finished run', async () => {
    const before = await api.config.estimate({ config: tiny });
    expect(before.basis).toMatch(/no similar run has finished here/);
    expect({ trainable: before.trainable, total: before.total }).toEqual(app.config.count(tiny));
    const sum = (groups: { count: number }[]) => groups.reduce((all, { count }) => all + count, 0);
    expect(sum(before.groups)).toBe(before.total);
    expect(sum(before.groups.filter(({ trained }) => trained))).toBe(before.trainable);
    expect(before.groups.map(({ part }) => part)).toEqual([
      'input',
      'tokens',
      'positions',
      'norm',
      'attention',
      'feed-forward',
      'norm',
      'output',
    ]);
    const [id] = await api.runs.create({ configs: [tiny] });
    await app.queue.whenIdle();
    const after = await api.config.estimate({ config: tiny });
    expect(after.basis).toContain(id);
    expect(after.seconds).toBeCloseTo(app.runs.get(id).result!.seconds, 5);
    // starting takes most of so short a run; the rest grows with the iterations
    const [long, twice] = await Promise.all(
      [30_000, 60_000].map((num_iters) => api.config.estimate({ config: { ...tiny, num_iters } })),
    );
    expect(long.seconds).toBeGreaterThan(5 * after.seconds);
    expect(twice.seconds / long.seconds).toBeCloseTo(2, 0);
  });

  it('come as presets: the regimes, and every published cell with its source', async () => {
    const { presets, tasks, bodies } = await api.config.catalogue();
    expect(presets.filter(({ group }) => group === 'Regimes').map(({ id }) => id)).toEqual([
      'FPT',
      'FRT',
      'URT',
      'V-FPT',
    ]);
    const published = presets.find(({ id }) => id === 'q1-fpt/mnist')!;
    expect(published.published!.source).not.toBe('');
    expect(published.settings).toMatchObject({ task: 'mnist' });
    expect(tasks.map(({ name }) => name)).toContain('mnist');
    expect(bodies.find(({ name }) => name === 'gpt2')).toMatchObject({ layers: 12, width: 768, positions: 1024 });
  });
});

describe('the queue', () => {
  it('starts nothing while paused, can be reordered, and resumes', async () => {
    await api.queue.pause();
    const [a, b, c] = await api.runs.create({ configs: [tiny, tiny, tiny] });
    await api.queue.move({ id: c, place: 0 });
    const waiting = { paused: true, slots: 1, queued: [c, a, b], running: [], submitted: [], trouble: null };
    expect(await api.queue.get()).toEqual(waiting);
    await api.runs.stop({ id: a });
    await api.queue.resume();
    expect((await api.queue.get()).running).toEqual([c]);
    await app.queue.whenIdle();
    expect([a, b, c].map((id) => app.runs.get(id).state)).toEqual(['stopped', 'finished', 'finished']);
    expect(app.runs.get(c).startedAt!).toBeLessThan(app.runs.get(b).startedAt!);
  });
});

it('the load of the machine has the processor’s name, and a reason for each missing value', async () => {
  const stop = new AbortController();
  const { value: load } = await app.devices.live(stop.signal).next();
  stop.abort();
  expect(load!.cpu.name).not.toBe('');
  expect(load!.memory.used).toBeLessThan(load!.memory.total);
  expect(load!.gpus.length + load!.missing.length).toBeGreaterThan(0);
});

it('downloads have runs and metrics as CSV, and an error lists the available downloads', async () => {
  await api.queue.pause();
  const [id] = await api.runs.create({ configs: [tiny] });
  const [header, row] = (await text(app.download(`/download/runs.csv?id=${id}`).chunks)).split('\r\n');
  expect(header).toMatch(/^id,state,/);
  expect(row).toMatch(new RegExp(`^${id},queued`));
  expect(() => app.download('/download/secrets')).toThrow(/Unknown download.*runs\.csv/);
});
