/** Limits of a single call: everything that a hostile or careless client could make large has a limit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '#app';
import { parseConfig } from '#contract/config';
import { createCaller } from '#contract/router';
import type { MetricRow } from '#contract/run';
import type { Services } from '#contract/services';
import { fillHome } from '../fillHome.ts';

const config = parseConfig({ task: 'bit-xor', n: 4, num_patterns: 2, pretrained: false, device: 'cpu' });
let home: string;
let app: Services;
let api: ReturnType<typeof createCaller>;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'permafrost-'));
  app = await createApp({ home });
  app.queue.pause();
  api = createCaller({ services: app, drain: () => {} });
  await fillHome(app, 300);
});
afterAll(async () => {
  await app.close();
  rmSync(home, { recursive: true, maxRetries: 5 });
});

const long = 'x'.repeat(1_000_000);
const tooMuch: Record<string, () => Promise<unknown>> = {
  'ids of 100,000 runs': () => api.runs.archive({ ids: Array(100_000).fill('a'), archived: true }),
  '1001 configs': () => api.runs.create({ configs: Array(1001).fill(config) }),
  'an id of a million letters': () => api.runs.get({ id: long }),
  'one such among ids': () => api.runs.restore({ ids: [long] }),
  'a million points of a curve': () => api.runs.curve({ id: 'a', key: 'train_loss', points: 1_000_000 }),
  'a million points of a clock': () => api.runs.clock({ id: 'a', points: 1_000_000 }),
  'a name of a million letters': () => api.zoo.startPull({ name: long }),
  'a folder of a million letters': () => api.data.startPull({ name: 'mnist', from: long }),
  'a source of a million letters': () => api.zoo.add({ source: long }),
  'a table of a million letters': () => api.tables.state({ table: long, profile: 'quick' }),
  'a batch beyond every memory': () => api.zoo.fit({ names: ['gpt2'], batch: 1e15, frozen: true }),
  '65 samples': () => api.data.samples({ config, split: 'train', count: 65 }),
};

for (const [what, call] of Object.entries(tooMuch))
  it(`${what} are refused before anything is done`, async () => {
    await expect(call()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

it('curves and clocks have a limit by default', async () => {
  const [id] = await fillHome(app, 1);
  const all = [...app.runs.metrics(id)].filter(([key]: MetricRow) => key === 'train_loss');
  const curve = await api.runs.curve({ id, key: 'train_loss' });
  expect(curve.points).toHaveLength(all.length);
  expect((await api.runs.clock({ id })).length).toBeGreaterThan(1);
});

it('a misspelt name of a million letters is answered at once', () => {
  const begun = performance.now();
  expect(() => app.runs.get(long)).toThrow(/There is no run/);
  expect(() => app.download(`/download/${long}`)).toThrow(/Unknown download/);
  expect(() => app.download(`/download/runs.csv?id=${long}`)).toThrow(/id/);
  expect(performance.now() - begun).toBeLessThan(1000);
});

it('a message about a long name is short', () => {
  const message = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(message(() => app.download(`/download/${long}`))!.length).toBeLessThan(2000);
  expect(message(() => app.download(`/download/runs.csv?table=${long}`))!.length).toBeLessThan(2000);
});
